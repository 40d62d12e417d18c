"""The demos of a stage, as `status` shows them and `destroy` ends them.

A demo is an execution, an ECS service, task definitions of its own and perhaps a fresh stream. Its
workflow removes the last three when it ends; what is found without a running execution was left by
one that was cut short.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.exceptions import ClientError

from deployment import inventory
from deployment.errors import DeploymentError
from deployment.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

SERVICE_PREFIX = "demo-"

TASKS_SECONDS = 240.0
"""How long tasks may take to end: 35 s of grace (stopTimeout), and what ECS needs around it."""

STREAM_SECONDS = 120.0
POLL_SECONDS = 1.0

_DESCRIBED_AT_ONCE = 10  # botocore model `ecs`: DescribeServices takes 10 services,
_DELETED_AT_ONCE = 10  # DeleteTaskDefinitions 10 revisions, DescribeTasks 100 tasks
_TASKS_AT_ONCE = 100

T = TypeVar("T")


class DemosError(DeploymentError):
    """A demo did not end in time."""


@dataclass(frozen=True)
class Running:
    """A demo that runs; its phase is None until its service is there."""

    demo_id: str
    phase: int | None


def running(stage: Stage) -> list[Running]:
    """The stage's running demos, with the phase that each one's service is in."""
    phases = {
        service["serviceName"].removeprefix(SERVICE_PREFIX): _phase(service["taskDefinition"])
        for service in _active_services(stage)
    }
    return [Running(name, phases.get(name)) for name, _arn in executions(stage)]


def executions(stage: Stage) -> list[tuple[str, str]]:
    """Name and ARN of every running execution; none without the state machine."""
    client = boto3.client("stepfunctions")
    machines = client.get_paginator("list_state_machines").paginate()
    arns = [
        machine["stateMachineArn"]
        for page in machines
        for machine in page["stateMachines"]
        if machine["name"] == stage.stack
    ]
    listings = (
        client.get_paginator("list_executions").paginate(
            stateMachineArn=arn, statusFilter="RUNNING"
        )
        for arn in arns
    )
    pages = (page for listing in listings for page in listing)
    return [
        (entry["name"], entry["executionArn"]) for page in pages for entry in page["executions"]
    ]


def leftovers(stage: Stage) -> list[str]:
    """What ended demos have left: a line for each service, active revision and stream."""
    names = {name for name, _arn in executions(stage)}

    def ended(name: str, prefix: str) -> bool:
        return name.startswith(prefix) and name.removeprefix(prefix) not in names

    revisions = (
        arn.rpartition("/")[2]
        for arn in inventory.definitions(stage, statuses=("ACTIVE",))
        if ended(inventory.family_of(arn), stage.demo_prefix)
    )
    services = (s["serviceName"] for s in _active_services(stage))
    return [
        *(f"ECS service {name}" for name in services if ended(name, SERVICE_PREFIX)),
        *(f"ECS task definition {name}" for name in revisions),
        *(
            f"Kinesis stream {name}"
            for name in inventory.fresh_streams(stage)
            if ended(name, stage.demo_prefix)
        ),
    ]


def end_all(stage: Stage, report: Callable[[str], None]) -> None:
    """Stops every demo and removes what is its own; raises DemosError if tasks don't end.

    Harmless when there is none, and when the workflow's own clean-up is at work meanwhile.
    """
    client = boto3.client("stepfunctions")
    for name, arn in executions(stage):
        client.stop_execution(executionArn=arn, error="Destroyed", cause="deploy.sh destroy")
        report(f"demo {name}: stopped")
    ecs = boto3.client("ecs")
    for service in _active_services(stage):
        name = service["serviceName"]
        delete = partial(ecs.delete_service, cluster=stage.stack, service=name, force=True)
        _unless_gone(delete, {"ServiceNotFoundException", "ServiceNotActiveException"})
        report(f"service {name}: deleted")
    _until(f"tasks in cluster {stage.stack}", lambda: not _live_tasks(ecs, stage), TASKS_SECONDS)
    _delete_fresh_streams(stage, report)
    delete_definitions(stage, lambda family: family.startswith(stage.demo_prefix), report)


def delete_definitions(
    stage: Stage, wanted: Callable[[str], bool], report: Callable[[str], None]
) -> None:
    """Deregisters the revisions of the families that are `wanted`, and deletes them.

    ECS then shows them as DELETE_IN_PROGRESS until nothing refers to them any more.
    """
    ecs = boto3.client("ecs")
    for arn in inventory.definitions(stage, statuses=("ACTIVE",)):
        if wanted(inventory.family_of(arn)):
            # One that the workflow's own clean-up was faster with is refused.
            deregister = partial(ecs.deregister_task_definition, taskDefinition=arn)
            _unless_gone(deregister, {"ClientException"})
    inactive = inventory.definitions(stage, statuses=("INACTIVE",))
    arns = [arn for arn in inactive if wanted(inventory.family_of(arn))]
    for batch in _batches(arns, _DELETED_AT_ONCE):
        failures = ecs.delete_task_definitions(taskDefinitions=batch)["failures"]
        for failure in failures:
            report(f"task definition {failure.get('arn')}: {failure.get('reason')}")
    if arns:
        report(f"{len(arns)} task definition revisions: deleted")


def _delete_fresh_streams(stage: Stage, report: Callable[[str], None]) -> None:
    kinesis = boto3.client("kinesis")
    for name in inventory.fresh_streams(stage):
        # ResourceInUseException: the workflow's own clean-up is deleting it.
        delete = partial(kinesis.delete_stream, StreamName=name, EnforceConsumerDeletion=True)
        _unless_gone(delete, {"ResourceNotFoundException", "ResourceInUseException"})
        report(f"stream {name}: deleted")
    _until("fresh streams", lambda: not inventory.fresh_streams(stage), STREAM_SECONDS)


def _active_services(stage: Stage) -> list[ServiceTypeDef]:
    ecs = boto3.client("ecs")
    names = [name for name in inventory.services(stage) if name.startswith(SERVICE_PREFIX)]
    described = (
        ecs.describe_services(cluster=stage.stack, services=batch)["services"]
        for batch in _batches(names, _DESCRIBED_AT_ONCE)
    )
    return [s for services in described for s in services if s["status"] == "ACTIVE"]


def _live_tasks(ecs: ECSClient, stage: Stage) -> list[str]:
    """Tasks that have not ended; ECS lists those that it is stopping as to be STOPPED."""
    try:
        arns = [
            arn
            for desired in ("RUNNING", "STOPPED")
            for page in ecs.get_paginator("list_tasks").paginate(
                cluster=stage.stack, desiredStatus=desired
            )
            for arn in page["taskArns"]
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ClusterNotFoundException":
            return []
        raise
    described = (
        ecs.describe_tasks(cluster=stage.stack, tasks=batch)["tasks"]
        for batch in _batches(arns, _TASKS_AT_ONCE)
    )
    return [t["taskArn"] for tasks in described for t in tasks if t["lastStatus"] != "STOPPED"]


def _phase(definition: str) -> int | None:
    answer = boto3.client("ecs").describe_task_definition(taskDefinition=definition)
    for container in answer["taskDefinition"]["containerDefinitions"]:
        for pair in container.get("environment", []):
            if pair["name"] == "DEMO_PHASE":
                return int(pair["value"])
    return None


def _unless_gone(call: Callable[[], object], expected: set[str]) -> None:
    """Makes a call; what another clean-up has done before is done."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in expected:
            raise


def _until(what: str, done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise DemosError(f"{what} are still there after {seconds:.0f} s; run destroy again")
        time.sleep(POLL_SECONDS)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
