"""Names everything that stands in a deployment's way before it begins, all at once.

Nothing is changed here, and each line says what to do. `destroy`, `status` and a dry run need less
than `deploy`: no docker, for one.
"""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deployment import checkout, cloudformation, demos, image, occupied
from deployment.errors import DeploymentError
from deployment.network import network_problem
from deployment.spending import LIMITS
from deployment.stage import Stage

DOCKER_SECONDS = 20.0
_UNDER_DEMOS = ("KeptStream", "VpcId", "SubnetIds")


class PrerequisitesError(DeploymentError):
    """Something that the deployment needs is not there."""


def check(command: str, stage: Stage, given: Mapping[str, str], *, dry_run: bool) -> None:
    """Raises PrerequisitesError with every problem, a line each."""
    if lines := problems(command, stage, given, dry_run=dry_run):
        listed = "\n".join(f"  {line}" for line in lines)
        raise PrerequisitesError(f"nothing was changed; first:\n{listed}")


def problems(
    command: str, stage: Stage, given: Mapping[str, str], *, dry_run: bool = False
) -> list[str]:
    """A line for each thing that is missing or in the way, with what to do about it.

    Raises ParameterError for a parameter that doesn't exist, ClientError if AWS refuses a question.
    """
    found = [_region() or _credentials()]
    stack = None if found[0] else cloudformation.found(boto3.client("cloudformation"), stage.stack)
    if command != "deploy":
        return [line for line in (*found, occupied.foreign_stack(stage, stack)) if line]
    building = image.images_are_run() and not dry_run
    if not found[0]:  # AWS can be asked
        current = cloudformation.parameters_of(stack)
        parameters = checkout.parameters(current, given)
        found += _unfit_limits(parameters) + _in_use(stage, current, parameters)
        found += occupied.functions(stage) + occupied.names(stage, stack)
        found.append(network_problem(parameters))
        building = building and not _built(stage, parameters)
    found += [_package("chalice"), _docker() if building else ""]
    return [line for line in found if line]


def _unfit_limits(parameters: Mapping[str, str]) -> list[str]:
    """A line for each limit that isn't a whole number: CloudFormation's Number takes fractions."""
    given = {name: parameters[name] for name in LIMITS if name in parameters}
    return [
        f"--parameter {name}={value}: give a whole number"
        for name, value in given.items()
        if not (value.isascii() and value.isdigit())
    ]


def _in_use(stage: Stage, current: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """A line if running demos would lose their stream or their network."""
    changed = [
        name for name in _UNDER_DEMOS if name in current and current[name] != wanted.get(name)
    ]
    running = [name for name, _arn in demos.executions(stage)] if changed else []
    if not running:
        return []
    return [
        f"{', '.join(changed)}: another value would take away what running demos use "
        f"({', '.join(running)}); stop them first, or wait for their end"
    ]


def _built(stage: Stage, parameters: Mapping[str, str]) -> bool:
    tag = parameters[checkout.TAG_PARAMETER]
    return image.is_there(boto3.client("ecr"), stage.repository, tag)


def _package(name: str) -> str:
    if find_spec(name):
        return ""
    return f"{name}: not installed in {sys.executable}; pip install -r requirements/demo.txt"


def _docker() -> str:
    """Without its daemon docker is there, but builds nothing."""
    if not shutil.which("docker"):
        return "docker: not on the PATH; it builds the worker's image"
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        outcome = subprocess.run(  # nosec B603 # docker, by fixed arguments
            command, capture_output=True, text=True, check=False, timeout=DOCKER_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"docker: its daemon does not answer within {DOCKER_SECONDS:.0f} s; restart it"
    if outcome.returncode:
        reason = (outcome.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"docker: its daemon does not answer ({reason}); start it"
    return ""


def _region() -> str:
    session = boto3.Session()
    region = str(session.region_name)
    known = {
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("ecs", partition)
    }
    if region in known:
        return ""
    near = difflib.get_close_matches(region, sorted(known), n=3)
    meant = f"did you mean {' or '.join(near)}" if near else "--region takes one such as us-east-1"
    return f"region {region!r}: there is none of that name; {meant}"


def _credentials() -> str:
    try:
        boto3.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return (
            f"AWS credentials: {error}; AWS_PROFILE or AWS_ACCESS_KEY_ID can name them, and the "
            "region must be enabled for the account"
        )
    return ""
