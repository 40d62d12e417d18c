"""Makes the copy of api/ that `chalice deploy` works on.

Chalice reads what a deployment needs to know from .chalice/config.json, and writes what it deployed
beside it. The checkout should hold neither, so both happen in a copy: its configuration is
api/.chalice/config.json with the outputs of the CloudFormation stack filled in, its links are
replaced by what they point to, and Chalice's record of an earlier deployment stays where it is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployment.errors import DeploymentError

PER_TASK_CAPACITY = 1000
"""Records per second that a phase counts on from one task when it states no task count."""

_ENVIRONMENT = {
    "STATE_MACHINE_ARN": "StateMachineArn",
    "ECS_CLUSTER": "ClusterName",
    "TASK_DEFINITION_FAMILY": "TaskDefinitionFamily",
    "STREAM_NAME": "StreamName",
    "KEPT_STREAM": "KeptStream",
    "MONITORING": "Monitoring",
    "SUBNET_IDS": "SubnetIds",
    "SECURITY_GROUP_IDS": "SecurityGroupId",
    "MAX_TPS": "MaxTps",
    "MAX_DEMOS": "MaxDemos",
    "MAX_DURATION_SECONDS": "MaxDurationSeconds",
}
"""The functions' environment variables, and the stack's outputs that they come from."""

_ROLES = {"api_handler": "ApiRoleArn", "controller": "ControllerRoleArn"}
"""Chalice's names of the functions, and the outputs that name their roles."""

_RECORD = ".chalice/deployed"


class MissingOutputsError(DeploymentError):
    """The stack does not say all that the functions need to know."""


def configuration(
    base: Mapping[str, Any], stage: str, outputs: Mapping[str, str], auth: str = "iam"
) -> dict[str, Any]:
    """config.json with a stage's environment and roles in it; raises MissingOutputsError.

    `auth` says who may call the API: `iam`, whoever the account lets, or `none`, everybody.
    """
    wanted = {*_ENVIRONMENT.values(), *_ROLES.values()}
    if missing := sorted(wanted - outputs.keys()):
        raise MissingOutputsError(f"the stack has no output {', '.join(missing)}")
    settings = {
        **base.get("stages", {}).get(stage, {}),
        "environment_variables": {
            **{name: outputs[output] for name, output in _ENVIRONMENT.items()},
            "PER_TASK_CAPACITY": str(PER_TASK_CAPACITY),
            "API_AUTH": auth,
        },
        "lambda_functions": {
            function: {"iam_role_arn": outputs[output]} for function, output in _ROLES.items()
        },
    }
    return {**base, "stages": {**base.get("stages", {}), stage: settings}}


def make(
    api: Path, target: Path, stage: str, outputs: Mapping[str, str], auth: str = "iam"
) -> None:
    """Copies `api` to `target` for one stage, replacing all but the record of what is deployed."""
    base = json.loads((api / ".chalice/config.json").read_text())
    config = configuration(base, stage, outputs, auth)
    _clear(target)
    shutil.copytree(
        api,
        target,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__", "deployed", "deployments"),
    )
    (target / ".chalice/config.json").write_text(json.dumps(config, indent=2) + "\n")


def _clear(target: Path) -> None:
    """Empties a folder, so that what is gone from the checkout is not deployed."""
    for path in sorted(target.rglob("*"), reverse=True):
        kept = path.relative_to(target).as_posix()
        if kept.startswith(f"{_RECORD}/") or kept in {".chalice", _RECORD}:
            continue
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
