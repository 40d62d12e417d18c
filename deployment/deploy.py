"""Deploys a stage, step by step; each step goes on from what an interrupted one left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from deployment import checkout, cloudformation, image
from deployment.api_bundle import make
from deployment.api_url import api_url
from deployment.chalice_record import rebuild
from deployment.cleanup_permission import RULE_OUTPUT, allow
from deployment.dollars import warning_of
from deployment.errors import DeploymentError
from deployment.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


class ChaliceError(DeploymentError):
    """`chalice deploy` failed."""


def deploy(
    stage: Stage,
    auth: str,
    given: Mapping[str, str],
    build: Path,
    say: Callable[[str], None],
) -> None:
    """Brings the stage to what the checkout says; `given` are parameters, `auth` iam or none.

    Raises DeploymentError, or AWS's errors as boto3 raises them.
    """
    bundle = build / stage.name / "api"
    region = str(boto3.Session().region_name)
    endpoint = os.environ.get("AWS_ENDPOINT_URL")

    say(f"== infrastructure: stage {stage.name}, {region}" + (f", at {endpoint}" * bool(endpoint)))
    client = boto3.client("cloudformation")
    before = cloudformation.found(client, stage.stack)
    parameters = checkout.parameters(cloudformation.parameters_of(before), given)
    if auth == "none":
        print(warning_of(checkout.template(), parameters, region), file=sys.stderr)
    # Before the tasks' definition names it, where there is a repository already: a demo that runs
    # meanwhile, or an interruption, must not meet an image that isn't there.
    old = image_of(before)
    if old and image.images_are_run():
        _bring_image(
            f"{old.rpartition(':')[0]}:{parameters[checkout.TAG_PARAMETER]}", parameters, say
        )
    wanted = cloudformation.Stack(stage.stack, checkout.template(), parameters)
    outputs = cloudformation.deployed(client, wanted, say)
    _write(build / stage.name / "outputs.json", outputs)

    say("== worker image")
    _bring_image(outputs["WorkerImage"], parameters, say)

    say("== API and controller")
    make(checkout.ROOT / "api", bundle, stage.name, outputs, auth)
    rebuild(stage, bundle, say)
    _chalice_deploy(stage, bundle)

    say("== clean-up rule")
    allow(boto3.client("lambda"), stage, outputs[RULE_OUTPUT])

    say(first_steps(api_url(bundle, stage.name, endpoint), stage.name, region, auth))


def image_of(stack: StackTypeDef | None) -> str | None:
    """The image that a stack names; None if it is deleted first, its repository with it."""
    if stack is None or not cloudformation.updatable(stack):
        return None
    return cloudformation.outputs_of(stack).get("WorkerImage")


def _bring_image(name: str, parameters: Mapping[str, str], say: Callable[[str], None]) -> None:
    if image.images_are_run():
        image.push(name, checkout.processor(parameters), say)
    else:
        say("worker image: none, the AWS at AWS_ENDPOINT_URL runs no images")


def first_steps(url: str, stage: str, region: str, auth: str) -> str:
    """Where the API is, and what to try first with whoever may call."""
    if auth == "none":
        return f"\nAPI: {url}\nTry: curl -X POST {url}/demo"
    return f"""
API: {url}
Try: ./kinesis-demo --stage {stage} start
or:  curl --aws-sigv4 "aws:amz:{region}:execute-api" \\
       --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
       -H "x-amz-security-token: $AWS_SESSION_TOKEN" -X POST {url}/demo"""


def _chalice_deploy(stage: Stage, bundle: Path) -> None:
    """A process of its own: Chalice imports the application that it deploys."""
    # Unbuffered, so that each of its steps shows when it is done.
    command = [sys.executable, "-u", "-c", "from chalice.cli import main; main()"]
    command += ["deploy", "--stage", stage.name]
    outcome = subprocess.run(command, cwd=bundle, check=False)  # nosec B603 # a checked stage name
    if outcome.returncode:
        raise ChaliceError(
            f"`chalice deploy` ended with {outcome.returncode}: its output above says why; run "
            "deploy.sh again when that is mended"
        )


def _write(path: Path, outputs: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(outputs, indent=2) + "\n")
    partial.rename(path)
