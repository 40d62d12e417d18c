"""Brings the CloudFormation stack of a stage to what infrastructure.yaml says.

    python -m deployment.infrastructure --stage production [--parameter Key=Value ...]

Creates the stack or updates it, waits, and prints its outputs as JSON. Running it again with
nothing changed changes nothing. What it reports on the way goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from deployment.errors import DeploymentError, exit_code
from deployment.template import image_tag, rendered, stack_name

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

ROOT = Path(__file__).resolve().parent.parent

WAIT_SECONDS = 900.0
POLL_SECONDS = (0.1, 5.0)
"""The first and the longest pause between two looks at a stack that is being changed."""

QUIET_SECONDS = 2.0
"""A change that takes less is not reported on."""

REPORT_SECONDS = 10.0

_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
# A stack whose creation failed holds nothing and can only be deleted.
_CREATION_FAILED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})


class InfrastructureError(DeploymentError):
    """CloudFormation could not carry the change out."""


@dataclass(frozen=True)
class Stack:
    """A stack as it should be."""

    name: str
    template: str
    parameters: Mapping[str, str]


def deployed(
    client: CloudFormationClient, stack: Stack, report: Callable[[str], None]
) -> dict[str, str]:
    """Creates or updates the stack, waits for it and returns its outputs.

    Raises InfrastructureError with the reason of the resource that failed first, if the stack is
    being changed by someone else, or if the change takes longer than WAIT_SECONDS; ClientError if
    CloudFormation refuses the request.
    """
    _start_change(client, stack, report)
    return _outputs(_settled(client, stack.name, report))


def first_failure(events: Iterable[Mapping[str, Any]], stack: str) -> str:
    """Why the latest change of a stack failed, from its events, newest first.

    The resource that failed first is the cause; what is cancelled because of it is not.
    """
    cause = "no resource gives a reason"
    for event in events:
        status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
        of_stack = event["LogicalResourceId"] == stack
        if of_stack and status in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}:
            break
        if status.endswith("_FAILED") and reason and "cancelled" not in reason:
            cause = f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
    return cause


def _start_change(
    client: CloudFormationClient, stack: Stack, report: Callable[[str], None]
) -> None:
    found = _found(client, stack.name)
    if found and found["StackStatus"] in _CREATION_FAILED:
        report(f"{stack.name}: its creation had failed; deleting what is left of it")
        client.delete_stack(StackName=stack.name)
        _wait(client, stack.name, report)
        found = None
    if found and found["StackStatus"].endswith("_IN_PROGRESS"):
        raise InfrastructureError(
            f"stack {stack.name} is being changed ({found['StackStatus']}): "
            "wait for that to end, then deploy again"
        )
    change = client.update_stack if found else client.create_stack
    try:
        change(
            StackName=stack.name,
            TemplateBody=stack.template,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in stack.parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
    except ClientError as error:
        # CloudFormation has no error code of its own for this, which is not an error here.
        if "No updates are to be performed" not in str(error):
            raise


def _settled(
    client: CloudFormationClient, name: str, report: Callable[[str], None]
) -> StackTypeDef:
    stack = _wait(client, name, report)
    if stack is None:
        raise InfrastructureError(f"stack {name} was deleted while it was being deployed")
    if stack["StackStatus"] not in _DONE:
        pages = client.get_paginator("describe_stack_events").paginate(StackName=name)
        events = (event for page in pages for event in page["StackEvents"])
        raise InfrastructureError(
            f"stack {name} is {stack['StackStatus']}: {first_failure(events, name)}"
        )
    return stack


def _wait(
    client: CloudFormationClient, name: str, report: Callable[[str], None]
) -> StackTypeDef | None:
    """Waits until nothing is changing the stack; None if it is gone."""
    started, pause = time.monotonic(), POLL_SECONDS[0]
    next_report = started + QUIET_SECONDS
    while True:
        stack = _found(client, name)
        if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        now = time.monotonic()
        if now - started > WAIT_SECONDS:
            raise InfrastructureError(
                f"stack {name} is still {stack['StackStatus']} after {WAIT_SECONDS:.0f} s"
            )
        if now >= next_report:
            report(f"{name}: {stack['StackStatus']}, {now - started:.0f} s")
            next_report = now + REPORT_SECONDS
        time.sleep(pause)
        pause = min(pause * 1.5, POLL_SECONDS[1])


def _found(client: CloudFormationClient, name: str) -> StackTypeDef | None:
    try:
        return client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _outputs(stack: StackTypeDef) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _stack_of(stage: str, parameters: Mapping[str, str]) -> Stack:
    """The stack that the checkout describes."""
    application = json.loads((ROOT / "api/.chalice/config.json").read_text())["app_name"]
    template = (ROOT / "infrastructure.yaml").read_text()
    workflow = (ROOT / "statemachine.json").read_text()
    return Stack(
        name=stack_name(application, stage),
        template=rendered(template, workflow),
        parameters={"WorkerImageTag": image_tag(_worker_sources()), **parameters},
    )


def _worker_sources() -> dict[str, bytes]:
    paths = [
        *(ROOT / "worker").rglob("*.py"),
        *(ROOT / "worker").glob("Dockerfile"),
        ROOT / "requirements/worker.txt",
    ]
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in paths}


def _key_and_value(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not Key=Value")
    return key, value


def main() -> int:
    """Deploys the stack of the stage that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m deployment.infrastructure")
    parser.add_argument("--stage", required=True)
    parser.add_argument(
        "--parameter", action="append", default=[], type=_key_and_value, metavar="Key=Value"
    )
    arguments = parser.parse_args()

    def step() -> None:
        stack = _stack_of(arguments.stage, dict(arguments.parameter))
        outputs = deployed(
            boto3.client("cloudformation"), stack, lambda line: print(line, file=sys.stderr)
        )
        print(json.dumps(outputs, indent=2))

    return exit_code(step)


if __name__ == "__main__":
    sys.exit(main())
