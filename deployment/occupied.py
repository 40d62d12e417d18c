"""Which of a stage's names something else has, so that a deployment would fail half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

from deployment import inventory
from deployment.functions import function
from deployment.stage import TITLE, Stage

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# What CloudFormation makes by a fixed name. Functions and APIs are Chalice's, which updates them;
# what demos left is in nobody's way.
_MADE_BY_STACK = {
    "Kinesis stream": "{stack}-stream",
    "ECS cluster": "{stack}",
    "ECR repository": "{stack}-worker",
    "state machine": "{stack}",
}


def functions(stage: Stage) -> list[str]:
    """A line for each Lambda function of the stage's names that Chalice didn't deploy for it."""
    client = boto3.client("lambda")
    deployed = (function(client, stage, name) for name in stage.functions.values())
    return [
        f"Lambda function {there.name}: is there, but isn't this demo's; choose another --stage"
        for there in deployed
        if there and not there.ours
    ]


def foreign_stack(stage: Stage, stack: StackTypeDef | None) -> str:
    """A line if the stack of the stage's name is somebody else's."""
    if stack is None or stack.get("Description", "").startswith(TITLE):
        return ""
    # One that a change set was made for, but never carried out, has neither template nor resources.
    if stack["StackStatus"] == "REVIEW_IN_PROGRESS" and not stack.get("Description"):
        return ""
    return f"stack {stage.stack}: is there, but isn't this demo's; choose another --stage"


def names(stage: Stage, stack: StackTypeDef | None) -> list[str]:
    """A line for each name that the stack couldn't take; `stack` is the one of its name, if any."""
    if stack:
        return [line for line in [foreign_stack(stage, stack)] if line]
    taken = [
        found
        for kind, name in _MADE_BY_STACK.items()
        for found in inventory.of_kind(kind)
        if found.name == name.format(stack=stage.stack)
    ]
    logs = [inventory.Resource("log group", name) for name in inventory.log_groups(stage)]
    return [
        f"{found}: is there without its stack; `./deploy.sh destroy --stage {stage.name}` removes "
        "what it can, or choose another --stage"
        for found in [*taken, *logs]
    ]
