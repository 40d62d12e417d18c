"""The control plane's surroundings in tests: an environment, and what infrastructure.yaml makes."""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

import app
from chalicelib import clients, controller
from chalicelib.services import Services

NOW = 1_800_000_000.25
"""2027-01-15T08:00:00.250Z."""

CLUSTER = "kinesis-demo-test"
BASE_FAMILY = "kinesis-demo-test-worker"
STREAM = "kinesis-demo-test-stream"
STATE_MACHINE = "kinesis-demo-test"
STATE_MACHINE_ARN = f"arn:aws:states:us-east-1:123456789012:stateMachine:{STATE_MACHINE}"
ENVIRONMENT = {
    "STATE_MACHINE_ARN": STATE_MACHINE_ARN,
    "ECS_CLUSTER": CLUSTER,
    "TASK_DEFINITION_FAMILY": BASE_FAMILY,
    "STREAM_NAME": STREAM,
    "SUBNET_IDS": "subnet-1,subnet-2",
    "SECURITY_GROUP_IDS": "sg-1",
    "PER_TASK_CAPACITY": "1000",
}


@functools.cache
def client(service: str) -> Any:
    """A client of the test's own; making one takes longer than most tests."""
    return boto3.client(service)  # type: ignore[call-overload]


def forget_clients() -> None:
    """Makes the next use of AWS read the environment anew."""
    app.services.cache_clear()
    for made in (
        clients.ecs,
        clients.stepfunctions,
        clients.kinesis,
        clients.cloudwatch_reader,
        clients.cloudwatch_writer,
    ):
        made.cache_clear()


def use_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Lambdas' environment, and credentials that no real AWS would take."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    fake = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in (ENVIRONMENT | fake | {"AWS_DEFAULT_REGION": "us-east-1"}).items():
        monkeypatch.setenv(name, value)
    app.services.cache_clear()


@contextmanager
def stubbed(monkeypatch: pytest.MonkeyPatch, made: Callable[[], Any]) -> Iterator[Stubber]:
    """One of the control plane's own clients, answering what it is told to and nothing else."""
    use_environment(monkeypatch)
    forget_clients()
    with Stubber(made()) as stub:
        yield stub
        stub.assert_no_pending_responses()
    forget_clients()


def make_infrastructure(monkeypatch: pytest.MonkeyPatch) -> None:
    """What infrastructure.yaml makes, as far as the control plane uses it."""
    ec2, ecs = client("ec2"), client("ecs")
    subnets = ec2.describe_subnets()["Subnets"][:2]
    group = ec2.describe_security_groups()["SecurityGroups"][0]
    monkeypatch.setenv("SUBNET_IDS", ",".join(subnet["SubnetId"] for subnet in subnets))
    monkeypatch.setenv("SECURITY_GROUP_IDS", group["GroupId"])
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(
        family=BASE_FAMILY,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        taskRoleArn="arn:aws:iam::123456789012:role/task",
        executionRoleArn="arn:aws:iam::123456789012:role/execution",
        runtimePlatform={"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        containerDefinitions=[
            {
                "name": "worker",
                "image": "worker:1",
                "stopTimeout": 35,
                "environment": [
                    {"name": "STREAM_NAME", "value": STREAM},
                    {"name": "METRICS_PUBLISH_INTERVAL", "value": "2"},
                    {"name": "TARGET_TPS", "value": "the base's own"},
                ],
            }
        ],
    )
    client("kinesis").create_stream(
        StreamName=STREAM, StreamModeDetails={"StreamMode": "ON_DEMAND"}
    )


def at(now: float = NOW) -> Services:
    """The control plane at this moment."""
    return Services(os.environ, clock=lambda: now, sleep=lambda _: None)


def start(number: int, services: Services, **event: Any) -> dict[str, Any]:
    """Has the controller start a phase."""
    order = {"operation": "start_phase", "phase_number": number, **event}
    return controller.handle(order, services)


def in_demo(demo_id: str) -> dict[str, Any]:
    """What the workflow says of its execution, which began a minute before NOW."""
    return {"execution": {"name": demo_id, "started_at": "2027-01-15T07:59:00.500Z"}}


def service(demo_id: str) -> Any:
    """The demo's ECS service, whatever its status; None if it never had one."""
    found = client("ecs").describe_services(cluster=CLUSTER, services=[f"demo-{demo_id}"])
    return found["services"][0] if found["services"] else None


def environment(demo_id: str) -> dict[str, str]:
    """What the demo's tasks find in their environment."""
    arn = service(demo_id)["taskDefinition"]
    found = client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return {pair["name"]: pair["value"] for pair in found["containerDefinitions"][0]["environment"]}


def active_families() -> list[str]:
    """The family of every active task definition."""
    arns = client("ecs").list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    return sorted(arn.split("/")[1].split(":")[0] for arn in arns)


def post(http: Any, body: object, query: str = "", **arguments: Any) -> Any:
    """POST /demo, by a chalice.test client."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return http.post(f"/demo{query}", body=raw, **arguments)


def status_change(
    demo_id: str,
    status: str,
    machine: str = STATE_MACHINE_ARN,
    demo_input: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """EventBridge's event of an execution that has just ended (Step Functions developer guide).

    Without `demo_input` as where input and output together are too large for an event.
    """
    now = time.time()
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{demo_id}"
    return {
        "version": "0",
        "id": "315c1398-40ff-a850-213b-158f73e60175",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": "123456789012",
        "time": "2026-11-25T12:00:00Z",
        "region": "us-east-1",
        "resources": [arn],
        "detail": {
            "executionArn": arn,
            "stateMachineArn": machine,
            "name": demo_id,
            "status": status,
            "startDate": round((now - 1) * 1000),
            "stopDate": round(now * 1000),
            "input": None if demo_input is None else json.dumps(demo_input),
            "inputDetails": {"included": demo_input is not None},
            "output": None,
            "outputDetails": None,
            "stateMachineVersionArn": None,
            "stateMachineAliasArn": None,
            "redriveCount": 0,
            "redriveDate": None,
            "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": f"Execution is {status} and cannot be redriven",
            "error": None,
            "cause": None,
        },
    }
