"""Says what is deployed of a stage, what runs in it and what was left behind.

A stage is healthy if a deployment would leave it so, and no ended demo has left anything behind.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import boto3

from deployment import checkout, cloudformation, demos, image
from deployment.api_url import address, reachable
from deployment.dollars import standing_cost
from deployment.errors import DeploymentError
from deployment.functions import function
from deployment.rest_apis import apis_of
from deployment.stage import Stage

NOT_DEPLOYED = 3
_HEALTHY = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


class UnhealthyError(DeploymentError):
    """The stage is not as a deployment leaves it."""


@dataclass(frozen=True)
class Status:
    """A stage as it is."""

    stack: str
    url: str | None
    auth: str | None
    image: str
    standing: str
    running: Sequence[demos.Running]
    leftovers: Sequence[str]
    problems: Sequence[str]


def show(stage: Stage, say: Callable[[str], None]) -> int:
    """Says how the stage is and returns 0, or NOT_DEPLOYED; raises UnhealthyError."""
    status = status_of(stage)
    if status is None:
        say(f"not deployed: there is nothing of {stage.stack} in {boto3.Session().region_name}")
        return NOT_DEPLOYED
    for line in lines(status):
        say(line)
    if status.problems:
        raise UnhealthyError("; ".join(status.problems))
    return 0


def lines(status: Status) -> list[str]:
    """The status as it is printed."""
    shown = [
        f"stack      {status.stack}",
        f"API        {status.url or 'none'}",
        f"auth       {status.auth or 'none, since there is no function'}",
        f"image      {status.image}",
        f"cost       {status.standing}",
        f"demos      {len(status.running)} running",
    ]
    for demo in status.running:
        phase = "starting" if demo.phase is None else f"phase {demo.phase}"
        shown.append(f"  {demo.demo_id}: {phase}")
    shown.append(f"leftovers  {len(status.leftovers) or 'none'} of ended demos")
    shown += [f"  {line}" for line in status.leftovers]
    return shown


def status_of(stage: Stage) -> Status | None:
    """The stage's status; None if neither stack nor function nor API is there."""
    stack = cloudformation.found(boto3.client("cloudformation"), stage.stack)
    client = boto3.client("lambda")
    functions = {name: function(client, stage, name) for name in stage.functions.values()}
    gateway = boto3.client("apigateway")
    apis = apis_of(gateway, stage)
    if stack is None and not any(functions.values()) and not apis:
        return None
    problems = [f"function {name} is missing" for name, there in functions.items() if not there]
    problems += [] if len(apis) == 1 else [f"there are {len(apis)} REST APIs, not one"]
    state = stack["StackStatus"] if stack else "none"
    problems += [] if state in _HEALTHY else [f"the stack is {state}"]
    outputs = cloudformation.outputs_of(stack) if stack else {}
    picture, missing = _image(outputs.get("WorkerImage"))
    left = demos.leftovers(stage)
    api = functions[stage.api_function]
    return Status(
        stack=f"{stage.stack} {state}",
        url=_url(apis[0]) if apis else None,
        auth=api.auth if api else None,
        image=picture,
        standing=standing_cost(
            checkout.template(),
            cloudformation.parameters_of(stack),
            str(boto3.Session().region_name),
        ),
        running=demos.running(stage),
        leftovers=left,
        problems=[
            *problems,
            *(["the worker's image is missing"] if missing else []),
            *(
                [f"ended demos left {len(left)} things; DELETE /demo/<id> removes one's"]
                if left
                else []
            ),
        ],
    )


def _url(api_id: str) -> str:
    region = str(boto3.Session().region_name)
    on_aws = address(api_id, region, checkout.config()["api_gateway_stage"])
    return reachable(api_id, on_aws, os.environ.get("AWS_ENDPOINT_URL"))


def _image(name: str | None) -> tuple[str, bool]:
    """What to say of the image, and whether it is missing."""
    if name is None:
        return "none", False
    if not image.images_are_run():
        return f"{name}: not needed, the AWS at AWS_ENDPOINT_URL runs no images", False
    location, _colon, tag = name.rpartition(":")
    repository = location.partition("/")[2]
    there = image.is_there(boto3.client("ecr"), repository, tag)
    return f"{name}: {'in ECR' if there else 'NOT in ECR'}", not there
