"""A demo's tasks: one ECS service and one task definition family per demo, so that the cleanup of
one never touches another.

A phase is a revision of the family, with the phase in its environment, and the service's desired
count. Whatever is repeated here finds what the first try left and goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib import names, task_definition
from chalicelib.contract import Dimension, Env
from chalicelib.plan import Phase
from chalicelib.settings import Settings
from chalicelib.usage import Workers

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

_ACTIVE = "ACTIVE"
# In these states a task's containers have ended (ECS developer guide, Task lifecycle).
_SENDS_NO_MORE = frozenset({"DEPROVISIONING", "STOPPED", "DELETED"})
_GONE = "ServiceNotFoundException"  # botocore: DeleteService
_REFUSED = "ClientException"  # botocore: DeregisterTaskDefinition, also for an inactive revision


@dataclass(frozen=True)
class RunningPhase:
    """The phase that a demo's service runs; its end in epoch seconds."""

    phase_number: int
    ends_at: float
    metrics_interval: float


@dataclass(frozen=True)
class FleetSize:
    """Tasks wanted and tasks running."""

    desired: int
    running: int


class Fleet:
    """The demos' services in one ECS cluster. AWS's errors pass through as botocore raises them."""

    def __init__(self, ecs: ECSClient, settings: Settings) -> None:
        self._ecs = ecs
        self._settings = settings

    def running_phase(self, demo_id: str) -> RunningPhase | None:
        """The phase that the demo's service runs, over or not; None without a service."""
        service = self._service(demo_id)
        if service is None:
            return None
        definition = self._described(service["taskDefinition"])
        environment = task_definition.environment_of(definition)
        return RunningPhase(
            phase_number=int(environment[Env.DEMO_PHASE]),
            ends_at=float(environment[Env.PHASE_ENDS_AT]),
            metrics_interval=task_definition.metrics_interval_of(definition),
        )

    def start_phase(
        self,
        demo_id: str,
        phase: Phase,
        ends_at: float,
        own_stream: str | None = None,
        record: str | None = None,
    ) -> float:
        """Brings the demo's service to this phase; `ends_at` in epoch seconds.

        `own_stream` is the name of the demo's own, if it has one; `record` a template's text, if
        its records go by one. Returns the seconds between a
        worker's publications. AwsUnavailable if the base task definition has no worker container.
        """
        service = self._service(demo_id)
        # A later phase is a copy of the one before: a redeployment in between leaves it as it was.
        base = self._described(
            self._settings.task_definition_family if service is None else service["taskDefinition"]
        )
        environment = task_definition.phase_environment(demo_id, phase, ends_at, own_stream, record)
        revision = self._register(base, demo_id, environment)
        if service is None:
            self._create_service(demo_id, revision, phase.task_count)
        else:
            self._ecs.update_service(
                cluster=self._settings.ecs_cluster,
                service=names.service_of(demo_id),
                taskDefinition=revision,
                desiredCount=phase.task_count,
            )
        return task_definition.metrics_interval_of(base)

    def take_down(self, demo_id: str) -> None:
        """Deletes the demo's service, deregisters its task definitions; repeating is harmless."""
        if self._service(demo_id) is not None:
            self._delete_service(demo_id)
        for arn in list(self._active_revisions(self._family(demo_id))):
            self._deregister(arn)

    def has_tasks(self, demo_id: str) -> bool:
        """Whether any task of the demo may still send: one that was told to stop drains first."""
        for desired_status in ("RUNNING", "STOPPED"):
            pages = self._ecs.get_paginator("list_tasks").paginate(
                cluster=self._settings.ecs_cluster,
                family=self._family(demo_id),
                desiredStatus=desired_status,
            )
            for page in pages:
                if page["taskArns"] and self._any_may_send(page["taskArns"]):
                    return True
        return False

    def size(self, demo_id: str) -> FleetSize:
        """How many tasks the demo wants and has; none without a service."""
        service = self._service(demo_id)
        if service is None:
            return FleetSize(0, 0)
        return FleetSize(service["desiredCount"], service["runningCount"])

    def workers(self) -> Workers:
        """What tasks are like, by the base task definition as it is deployed now."""
        return task_definition.workers_of(self._described(self._settings.task_definition_family))

    def _any_may_send(self, arns: list[str]) -> bool:
        answer = self._ecs.describe_tasks(cluster=self._settings.ecs_cluster, tasks=arns)
        return any(task["lastStatus"] not in _SENDS_NO_MORE for task in answer["tasks"])

    def _family(self, demo_id: str) -> str:
        return names.family_of(demo_id, self._settings.task_definition_family)

    def _service(self, demo_id: str) -> ServiceTypeDef | None:
        """The service if it is active; one that is being deleted no longer counts."""
        answer = self._ecs.describe_services(
            cluster=self._settings.ecs_cluster, services=[names.service_of(demo_id)]
        )
        return next((s for s in answer["services"] if s["status"] == _ACTIVE), None)

    def _described(self, family_or_arn: str) -> dict[str, Any]:
        answer = self._ecs.describe_task_definition(taskDefinition=family_or_arn)
        return dict(answer["taskDefinition"])

    def _register(self, base: dict[str, Any], demo_id: str, environment: dict[str, str]) -> str:
        model = self._ecs.meta.service_model.operation_model("RegisterTaskDefinition")
        arguments = task_definition.derived(
            base,
            family=self._family(demo_id),
            environment=environment,
            registerable=model.input_shape.members if model.input_shape else (),
        )
        answer = self._ecs.register_task_definition(**arguments)
        return answer["taskDefinition"]["taskDefinitionArn"]

    def _create_service(self, demo_id: str, revision: str, task_count: int) -> None:
        self._ecs.create_service(
            cluster=self._settings.ecs_cluster,
            serviceName=names.service_of(demo_id),
            taskDefinition=revision,
            desiredCount=task_count,
            launchType="FARGATE",
            # A phase replaces all tasks at once: old and new may overlap, and none has to stay.
            deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 200},
            # Moving tasks between zones in mid-phase would show as a dip that Kinesis never had.
            availabilityZoneRebalancing="DISABLED",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(self._settings.subnet_ids),
                    "securityGroups": list(self._settings.security_group_ids),
                    "assignPublicIp": "ENABLED",
                }
            },
            tags=[{"key": str(Dimension.DEMO_ID), "value": demo_id}],
            propagateTags="SERVICE",
        )

    def _delete_service(self, demo_id: str) -> None:
        try:
            self._ecs.delete_service(
                cluster=self._settings.ecs_cluster, service=names.service_of(demo_id), force=True
            )
        except ClientError as error:
            if _code(error) != _GONE:  # another cleanup of the same demo was faster
                raise

    def _active_revisions(self, family: str) -> Iterator[str]:
        """The family's own: MiniStack takes familyPrefix for a prefix, AWS for the whole name."""
        pages = self._ecs.get_paginator("list_task_definitions").paginate(
            familyPrefix=family, status="ACTIVE"
        )
        for page in pages:
            for arn in page["taskDefinitionArns"]:
                if arn.rpartition("/")[2].rpartition(":")[0] == family:
                    yield arn

    def _deregister(self, arn: str) -> None:
        try:
            self._ecs.deregister_task_definition(taskDefinition=arn)
        except ClientError as error:
            gone = _code(error) == _REFUSED and self._described(arn).get("status") != _ACTIVE
            if not gone:
                raise


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
