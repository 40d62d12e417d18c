"""Removes all that a stage has on AWS, and says what it could not remove.

Demos first, since nothing else is worth stopping while they cost money; then the API and the
controller, so that nobody starts another; then the stack; last what outlives it. The record of what
is deployed is not needed for any of it: everything is found by name. Running it again is harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import TypeAlias

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deployment import cloudformation, demos, inventory, rest_apis
from deployment.errors import DeploymentError
from deployment.functions import function
from deployment.stage import Stage

STAYS = (
    "What stays, free and shared: metrics, which CloudWatch can't delete (they expire within 15 "
    "months), AWS's log delivery policy AWSLogDeliveryWrite20150319, and ECS's service-linked role."
)


Step: TypeAlias = Callable[[Stage, Callable[[str], None]], None]


class LeftOverError(DeploymentError):
    """Something of the stage is still there."""


def destroy(stage: Stage, build: Path, say: Callable[[str], None]) -> None:
    """Removes everything; raises LeftOverError with what is still there afterwards."""
    if not inventory.everything(stage):
        forget(stage, build)
        say(f"nothing to destroy: there is nothing of {stage.stack} in {region()}")
        return
    refusals = [refusal for what, step in _STEPS if (refusal := _refusal(what, step, stage, say))]
    forget(stage, build)
    if left := inventory.everything(stage):
        raise LeftOverError(
            "\n".join(
                [
                    *(f"could not remove {refusal}" for refusal in refusals),
                    "still there, remove it by hand or run destroy again:",
                    *(f"  {resource}" for resource in left),
                ]
            )
        )
    for refusal in refusals:
        say(f"gone all the same, though it could not be removed at once: {refusal}")
    say(f"nothing of {stage.stack} is left in {region()}. {STAYS}")


def foretell(stage: Stage, _build: Path, say: Callable[[str], None]) -> None:
    """Says what there is to destroy, and changes nothing."""
    there = inventory.everything(stage)
    say(f"{len(there)} would be removed, and what is in them:")
    for resource in there:
        say(f"  {resource}")


def forget(stage: Stage, build: Path) -> None:
    """Removes this machine's own copies of what was deployed."""
    folder = build / stage.name
    for name in ("outputs.json", "outputs.part"):
        (folder / name).unlink(missing_ok=True)
    if (folder / "api/.chalice").is_dir():
        rmtree(folder / "api")


def region() -> str:
    """The region that is meant."""
    return str(boto3.Session().region_name)


def _remove_api(stage: Stage, say: Callable[[str], None]) -> None:
    """What `chalice delete` removes, whether its record is there or not.

    A function's policy, and with it the permissions of API Gateway and EventBridge, goes with it.
    """
    gateway, client = boto3.client("apigateway"), boto3.client("lambda")
    behind = function(client, stage, stage.api_function)
    for api_id in rest_apis.apis_of(gateway, stage) if behind is None or behind.ours else []:
        rest_apis.delete(gateway, api_id, say)
    for name in stage.functions.values():
        deployed = function(client, stage, name)
        if deployed and deployed.ours:
            client.delete_function(FunctionName=name)
            say(f"function {name}: deleted")
        elif deployed:
            say(f"function {name}: not deployed by this, left alone")


def _remove_stack(stage: Stage, say: Callable[[str], None]) -> None:
    cloudformation.deleted(boto3.client("cloudformation"), stage.stack, say)


def _refusal(what: str, step: Step, stage: Stage, say: Callable[[str], None]) -> str:
    """Takes a step; returns why it could not be done, so that the others are taken all the same."""
    say(f"== {what}")
    try:
        step(stage, say)
    except (DeploymentError, BotoCoreError, ClientError) as error:
        return f"{what}: {error}"
    return ""


def _remove_remains(stage: Stage, say: Callable[[str], None]) -> None:
    family = f"{stage.stack}-worker"
    demos.delete_definitions(stage, family.__eq__, say)
    logs = boto3.client("logs")
    for name in inventory.log_groups(stage):
        logs.delete_log_group(logGroupName=name)
        say(f"log group {name}: deleted")


_STEPS: tuple[tuple[str, Step], ...] = (
    ("demos", demos.end_all),
    ("API and controller", _remove_api),
    # Those that were started in between; their executions call a function that is gone by now.
    ("demos begun meanwhile", demos.end_all),
    ("infrastructure", _remove_stack),
    ("what outlives the infrastructure", _remove_remains),
)
