"""Says what a deployment would do, and changes nothing.

Of an existing stack CloudFormation itself is asked, by a change set that is deleted again. For a
stack that isn't there it would have to make one in review; so the template is read instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from deployment import checkout, cloudformation, image
from deployment.dollars import warning_of
from deployment.errors import DeploymentError
from deployment.functions import function
from deployment.rest_apis import apis_of
from deployment.stage import Stage
from deployment.template import section

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ChangeTypeDef, StackTypeDef

_UNCHANGED = ("didn't contain changes", cloudformation.NO_CHANGE)


class ChangeSetError(DeploymentError):
    """CloudFormation could not say what would change."""


def show(stage: Stage, auth: str, given: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Says what a deployment would do."""
    for line in plan(stage, auth, given, say):
        say(line)


def plan(
    stage: Stage, auth: str, given: Mapping[str, str], say: Callable[[str], None]
) -> Iterator[str]:
    """What would be done, a line each; `say` is told what couldn't be put back as it was."""
    client = boto3.client("cloudformation")
    stack = cloudformation.found(client, stage.stack)
    parameters = checkout.parameters(cloudformation.parameters_of(stack), given)
    yield from _infrastructure(client, stage, stack, parameters, say)
    yield _image(stage, parameters)
    yield from _api(stage, auth)
    yield "permission: the clean-up rule may call the controller"
    if auth == "none":
        yield warning_of(checkout.template(), parameters, str(boto3.Session().region_name))


def change_line(change: ChangeTypeDef) -> str:
    """One change of a change set, as a line."""
    resource = change["ResourceChange"]
    replaced = " (REPLACED)" if resource.get("Replacement") == "True" else ""
    maybe = " (replaced, if need be)" if resource.get("Replacement") == "Conditional" else ""
    what = f"{resource['LogicalResourceId']} ({resource['ResourceType']})"
    return f"  {resource['Action'].lower()} {what}{replaced}{maybe}"


def changes(
    client: CloudFormationClient,
    stage: Stage,
    parameters: Mapping[str, str],
    say: Callable[[str], None],
) -> list[ChangeTypeDef]:
    """What CloudFormation would change of a stack that is there. Raises ChangeSetError."""
    made = client.create_change_set(
        StackName=stage.stack,
        ChangeSetName=f"dry-run-{uuid4().hex}",
        TemplateBody=checkout.template(),
        Parameters=cloudformation.as_parameters(parameters),
        Capabilities=["CAPABILITY_IAM"],
    )
    try:
        return _described(client, made["Id"])
    finally:
        _delete(client, made["Id"], say)


def _infrastructure(
    client: CloudFormationClient,
    stage: Stage,
    stack: StackTypeDef | None,
    parameters: Mapping[str, str],
    say: Callable[[str], None],
) -> Iterator[str]:
    if stack is None or not cloudformation.updatable(stack):
        state = f" ({stack['StackStatus']}: deleted first)" if stack else ""
        types = Counter(r["Type"] for r in section(checkout.template(), "Resources").values())
        yield f"stack {stage.stack}{state}: would be created, {types.total()} resources at most"
        yield from (f"  add {number} {kind}" for kind, number in sorted(types.items()))
        return
    found = changes(client, stage, parameters, say)
    yield f"stack {stage.stack}: {len(found) or 'no'} resources would change"
    yield from map(change_line, found)


def _delete(client: CloudFormationClient, change_set: str, say: Callable[[str], None]) -> None:
    """CloudFormation refuses it while it makes the set; how the wait for it ended comes first."""
    try:
        client.delete_change_set(ChangeSetName=change_set)
    except (BotoCoreError, ClientError) as error:
        say(
            f"a change set is left ({error}), which changes nothing; delete it with: "
            f"aws cloudformation delete-change-set --change-set-name {change_set}"
        )


def _described(client: CloudFormationClient, change_set: str) -> list[ChangeTypeDef]:
    try:
        client.get_waiter("change_set_create_complete").wait(
            ChangeSetName=change_set, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
    except WaiterError as error:
        reason = client.describe_change_set(ChangeSetName=change_set).get("StatusReason", "")
        if any(text in reason for text in _UNCHANGED):
            return []
        raise ChangeSetError(f"CloudFormation: {reason or error}") from error
    pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    return [change for page in pages for change in page["Changes"]]


def _image(stage: Stage, parameters: Mapping[str, str]) -> str:
    name = f"image {stage.repository}:{parameters[checkout.TAG_PARAMETER]}"
    if not image.images_are_run():
        return f"{name}: none, the AWS at AWS_ENDPOINT_URL runs no images"
    there = image.is_there(
        boto3.client("ecr"), stage.repository, parameters[checkout.TAG_PARAMETER]
    )
    platform = image.PLATFORMS[checkout.processor(parameters)]
    return f"{name}: is in ECR" if there else f"{name}: would be built for {platform} and pushed"


def _api(stage: Stage, auth: str) -> Iterator[str]:
    client = boto3.client("lambda")
    for name in stage.functions.values():
        deployed = function(client, stage, name)
        yield f"function {name}: would be {'updated' if deployed else 'created'}"
        if deployed and name == stage.api_function and deployed.auth != auth:
            yield f"  who may call: {deployed.auth} would become {auth}"
    apis = apis_of(boto3.client("apigateway"), stage)
    yield f"REST API {apis[0]}: would be updated" if apis else "REST API: would be created"
