"""What EventBridge tells the controller of executions that ended badly, as Step Functions does."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

import app
from chalicelib import clients, controller
from chalicelib.contract import CONTROLLER_NAMESPACE
from chalicelib.errors import InvalidEvent
from chalicelib.fleet import Fleet
from chalicelib.services import Services
from tests.control_plane import (
    BASE_FAMILY,
    STATE_MACHINE,
    STATE_MACHINE_ARN,
    active_families,
    client,
    service,
    status_change,
)

FRESH = {"stream": {"mode": "fresh"}}


@pytest.fixture
def services(aws: None) -> Services:  # noqa: ARG001
    client("stepfunctions").create_state_machine(
        name=STATE_MACHINE, definition="{}", roleArn="arn:aws:iam::123456789012:role/states"
    )
    return Services(os.environ, sleep=lambda _: None)


def running_demo(services: Services, name: str, config: dict[str, Any]) -> str:
    """A demo in its first phase; returns its execution's ARN."""
    answer = client("stepfunctions").start_execution(
        stateMachineArn=STATE_MACHINE_ARN, name=name, input=json.dumps(config)
    )
    execution = {"name": name, "arn": answer["executionArn"]}
    begin = {"operation": "initialize_demo", "demo_config": config, "execution": execution}
    state = controller.handle(begin, services)
    phase = {"operation": "start_phase", "phase_number": 1, "demo_state": state}
    controller.handle(phase | {"execution": execution}, services)
    return str(answer["executionArn"])


def own_streams() -> list[str]:
    names = client("kinesis").list_streams()["StreamNames"]
    return [name for name in names if "-demo-test-demo-" in name]


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED"])
@pytest.mark.parametrize("config", [{}, FRESH])
@pytest.mark.parametrize("told", [True, False])
def test_a_demo_that_ended_badly_leaves_nothing_behind(
    services: Services, status: str, config: dict[str, Any], told: bool
) -> None:
    arn = running_demo(services, "bad", config)
    client("stepfunctions").stop_execution(executionArn=arn)
    event = status_change("bad", status, demo_input=config if told else None)
    for _ in range(2):  # EventBridge delivers at least once
        answer = controller.handle(event, services)
        assert answer == {"demo_id": "bad", "execution_status": status, "status": "cleaned_up"}
        assert service("bad")["status"] == "INACTIVE"
        assert active_families() == [BASE_FAMILY]
        assert own_streams() == []


def test_other_demos_are_left_alone(services: Services) -> None:
    running_demo(services, "a-b", FRESH)
    running_demo(services, "a", FRESH)
    controller.handle(status_change("a", "ABORTED"), services)
    assert service("a-b")["status"] == "ACTIVE"
    assert own_streams() == ["kinesis-demo-test-demo-a-b"]


@pytest.mark.parametrize("demo_input", [{}, None])
def test_a_stream_that_only_happens_to_be_called_so_is_left_alone(
    services: Services, demo_input: dict[str, Any] | None
) -> None:
    running_demo(services, "kept", {})
    client("kinesis").create_stream(StreamName="kinesis-demo-test-demo-kept", ShardCount=1)
    controller.handle(status_change("kept", "ABORTED", demo_input=demo_input), services)
    assert own_streams() == ["kinesis-demo-test-demo-kept"]


def test_a_demo_of_which_nothing_is_left_is_fine(services: Services) -> None:
    answer = controller.handle(status_change("never-was", "FAILED"), services)
    assert answer["status"] == "cleaned_up"


def test_an_end_that_step_functions_does_not_show_yet_is_cleaned_up(services: Services) -> None:
    running_demo(services, "stale", {})  # DescribeExecution still says RUNNING
    controller.handle(status_change("stale", "ABORTED"), services)
    assert service("stale")["status"] == "INACTIVE"


def described(arn: str, **more: Any) -> dict[str, Any]:
    """What DescribeExecution answers."""
    return {
        "executionArn": arn,
        "stateMachineArn": STATE_MACHINE_ARN,
        "status": "RUNNING",
        "startDate": datetime.now(UTC),
        "input": "{}",
        **more,
    }


@pytest.mark.parametrize(
    "more",
    [
        {"redriveCount": 1},
        {"status": "SUCCEEDED", "startDate": datetime.now(UTC) + timedelta(days=1)},
    ],
)
def test_a_demo_that_was_redriven_or_is_another_by_now_is_left_alone(
    services: Services, more: dict[str, Any]
) -> None:
    arn = running_demo(services, "again", FRESH)
    with Stubber(clients.stepfunctions()) as stub:
        stub.add_response("describe_execution", described(arn, **more))
        event = status_change("again", "FAILED", demo_input=FRESH)
        assert controller.handle(event, services)["status"] == "overtaken"
    assert service("again")["status"] == "ACTIVE"
    assert own_streams() == ["kinesis-demo-test-demo-again"]


def test_a_demo_that_is_redriven_while_its_tasks_drain_keeps_its_stream(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = running_demo(services, "redriven", FRESH)
    monkeypatch.setattr(Fleet, "has_tasks", lambda *_: False)
    with Stubber(clients.stepfunctions()) as stub:
        stub.add_response("describe_execution", described(arn))
        stub.add_response("describe_execution", described(arn, redriveCount=1))
        event = status_change("redriven", "FAILED", demo_input=FRESH)
        assert controller.handle(event, services)["status"] == "overtaken"
    assert own_streams() == ["kinesis-demo-test-demo-redriven"]


def test_a_name_that_no_demo_can_have_leaves_nothing_to_clean_up(services: Services) -> None:
    answer = controller.handle(status_change("a.b", "FAILED"), services)
    assert answer["status"] == "nothing_to_clean_up"


@pytest.mark.parametrize(("status", "told"), [("TIMED_OUT", 1), ("FAILED", 0), ("ABORTED", 0)])
def test_only_a_time_out_is_a_failure_that_nobody_has_told_of(
    services: Services, status: str, told: int
) -> None:
    controller.handle(status_change("x", status), services)
    metrics = client("cloudwatch").list_metrics(Namespace=CONTROLLER_NAMESPACE)["Metrics"]
    assert [metric["MetricName"] for metric in metrics] == ["DemoFailed"] * told


@pytest.mark.usefixtures("services")
def test_the_lambda_takes_the_event_as_it_is() -> None:
    assert app.lambda_handler(status_change("x", "FAILED"), {})["status"] == "cleaned_up"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"detail": None}, "detail is None"),
        ({"detail": {}}, "detail can't be read"),
        ({"detail": {"startDate": "yesterday"}}, "detail can't be read"),
        ({"detail": {"input": "{"}}, "detail can't be read"),
        ({"detail": {"status": "SUCCEEDED"}}, "is SUCCEEDED"),
        ({"detail": {"status": "RUNNING"}}, "is RUNNING"),
        ({"detail": {"stateMachineArn": "arn:another"}}, "no execution of this stack"),
    ],
)
def test_an_event_that_is_not_ours_is_raised(
    services: Services, change: dict[str, Any], message: str
) -> None:
    event = status_change("x", "FAILED")
    detail = change["detail"]
    event["detail"] = {**event["detail"], **detail} if detail else detail
    with pytest.raises(InvalidEvent, match=message):
        controller.handle(event, services)
