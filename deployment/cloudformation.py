"""Changes a CloudFormation stack and waits, whatever state an earlier try has left it in.

A deployment can be interrupted at any moment, and CloudFormation goes on without it. So each change
begins with a look: what is still on its way is waited for, what failed for good is cleared away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from deployment.errors import DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef

WAIT_SECONDS = 900.0
POLL_SECONDS = (0.1, 5.0)
"""The first and the longest pause between two looks at a stack that is being changed."""

QUIET_SECONDS = 2.0
"""A change that takes less is not reported on."""

REPORT_SECONDS = 10.0

NO_CHANGE = "No updates are to be performed"
"""CloudFormation has no error code of its own for this, which is not an error here."""

_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
# A change set that was never carried out leaves a stack "in review", which nothing goes on with.
_REVIEW = "REVIEW_IN_PROGRESS"
# A stack whose creation or deletion failed can only be deleted.
_TO_DELETE = frozenset(
    {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", _REVIEW}
)

Report = Callable[[str], None]


class InfrastructureError(DeploymentError):
    """CloudFormation could not carry the change out."""


@dataclass(frozen=True)
class Stack:
    """A stack as it should be."""

    name: str
    template: str
    parameters: Mapping[str, str]


def deployed(client: CloudFormationClient, stack: Stack, report: Report) -> dict[str, str]:
    """Creates or updates the stack, waits for it and returns its outputs.

    Raises InfrastructureError with the reason of the resource that failed first, or if a change
    takes longer than WAIT_SECONDS; ClientError if CloudFormation refuses the request.
    """
    present = _made_ready(client, stack.name, report)
    change = client.update_stack if present else client.create_stack
    try:
        change(
            StackName=stack.name,
            TemplateBody=stack.template,
            Parameters=as_parameters(stack.parameters),
            Capabilities=["CAPABILITY_IAM"],
        )
    except ClientError as error:
        if NO_CHANGE not in str(error) or present is None:
            raise
        return outputs_of(present)
    return outputs_of(_settled(client, stack.name, report))


def deleted(client: CloudFormationClient, name: str, report: Report) -> None:
    """Deletes the stack, if there is one, and waits; raises InfrastructureError with the reason."""
    present = _waited_for(client, name, report)
    if present is None:
        return
    client.delete_stack(StackName=name)
    left = _waited_for(client, name, report)
    if left is not None:
        raise InfrastructureError(
            f"stack {name} is {left['StackStatus']}: {_reason(client, name)}; run destroy again "
            "when that is mended"
        )


def found(client: CloudFormationClient, name: str) -> StackTypeDef | None:
    """The stack as it is; None if there is none."""
    try:
        return client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def outputs_of(stack: StackTypeDef) -> dict[str, str]:
    """The stack's outputs, by name."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def parameters_of(stack: StackTypeDef | None) -> dict[str, str]:
    """The stack's parameters, by name; none without a stack, or of one that never came about."""
    usable = stack is not None and stack["StackStatus"] not in _TO_DELETE
    listed = stack.get("Parameters", []) if stack and usable else []
    return {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in listed}


def as_parameters(values: Mapping[str, str]) -> list[ParameterTypeDef]:
    """Parameters in CloudFormation's form."""
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def first_failure(events: Iterable[Mapping[str, Any]], stack: str) -> str:
    """Why the latest change of a stack failed, from its events, newest first.

    The resource that failed first is the cause; what is cancelled because of it is not.
    """
    cause = "no resource gives a reason"
    for event in events:
        status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
        of_stack = event["LogicalResourceId"] == stack
        if of_stack and status in {
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "DELETE_IN_PROGRESS",
        }:
            break
        if status.endswith("_FAILED") and reason and "cancelled" not in reason:
            cause = f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
    return cause


def _made_ready(client: CloudFormationClient, name: str, report: Report) -> StackTypeDef | None:
    """The stack in a state that can be updated, or None if it is to be created."""
    present = _waited_for(client, name, report)
    if present and present["StackStatus"] in _TO_DELETE:
        report(f"{name}: is {present['StackStatus']}; deleting what is left of it")
        deleted(client, name, report)
        return None
    if present and present["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
        report(f"{name}: its last update could not be undone; trying that again first")
        client.continue_update_rollback(StackName=name)
        present = _waited_for(client, name, report)
    return present


def _settled(client: CloudFormationClient, name: str, report: Report) -> StackTypeDef:
    stack = _waited_for(client, name, report)
    if stack is None:
        raise InfrastructureError(f"stack {name} was deleted while it was being deployed")
    if stack["StackStatus"] not in _DONE:
        raise InfrastructureError(
            f"stack {name} is {stack['StackStatus']}: {_reason(client, name)}"
        )
    return stack


def _reason(client: CloudFormationClient, name: str) -> str:
    pages = client.get_paginator("describe_stack_events").paginate(StackName=name)
    return first_failure((event for page in pages for event in page["StackEvents"]), name)


def _waited_for(client: CloudFormationClient, name: str, report: Report) -> StackTypeDef | None:
    """The stack once nothing is changing it; None if it is gone."""
    started, pause = time.monotonic(), POLL_SECONDS[0]
    next_report = started + QUIET_SECONDS
    while True:
        stack = found(client, name)
        if stack is None or not _changing(stack["StackStatus"]):
            return stack
        now = time.monotonic()
        if now - started > WAIT_SECONDS:
            raise InfrastructureError(
                f"stack {name} is still {stack['StackStatus']} after {WAIT_SECONDS:.0f} s; "
                "run this again to go on waiting"
            )
        if now >= next_report:
            report(f"{name}: {stack['StackStatus']}, {now - started:.0f} s")
            next_report = now + REPORT_SECONDS
        time.sleep(pause)
        pause = min(pause * 1.5, POLL_SECONDS[1])


def _changing(status: str) -> bool:
    return status.endswith("_IN_PROGRESS") and status != _REVIEW


def updatable(stack: StackTypeDef) -> bool:
    """Whether a stack can be updated; others are deleted and made anew."""
    return stack["StackStatus"] not in _TO_DELETE
