"""The controller's operations: what they answer, what they leave in ECS, and that repeating them is
harmless. ECS, CloudWatch and Step Functions are moto's.
"""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from app import lambda_handler
from chalicelib import clients, controller, definition, settings
from chalicelib.contract import CONTROLLER_NAMESPACE
from chalicelib.errors import (
    ConfigurationError,
    InvalidEvent,
    InvalidPlan,
)
from chalicelib.services import Services
from tests import control_plane
from tests.control_plane import (
    ENVIRONMENT,
    NOW,
    at,
    client,
    in_demo,
    service,
    start,
)

PHASES = [{"target_tps": 1_500, "duration_seconds": 30} for _ in range(4)]


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No settings, no credentials, no region, and nothing that answers."""
    for name in (*ENVIRONMENT, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    control_plane.forget_clients()
    yield
    control_plane.forget_clients()


# The two tests of the design's section "The controller".


@pytest.mark.usefixtures("nowhere")
def test_initialize_demo_answers_a_plain_event_without_any_aws() -> None:
    phases = definition.default_plan_document()
    result = lambda_handler({"operation": "initialize_demo", "demo_config": phases}, {})
    assert result["status"] == "initialized"


@pytest.mark.usefixtures("aws")
def test_start_phase_2_of_the_default_plan_starts_10_tasks() -> None:
    result = lambda_handler({"operation": "start_phase", "phase_number": 2}, {})
    assert result["status"] == "phase_started"
    assert result["task_count"] == 10
    assert service("local")["desiredCount"] == 10


@pytest.mark.usefixtures("aws")
def test_start_phase_takes_the_state_that_initialize_demo_answered() -> None:
    state = lambda_handler(
        {"operation": "initialize_demo", "demo_config": {"phases": PHASES}, **in_demo("d")}, {}
    )
    result = lambda_handler(
        {"operation": "start_phase", "phase_number": 2, "demo_state": state}, {}
    )
    assert (result["status"], result["demo_id"], result["task_count"]) == ("phase_started", "d", 2)


@pytest.mark.usefixtures("nowhere")
def test_a_metric_that_cannot_be_published_is_logged_and_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = lambda_handler({"operation": "initialize_demo"}, {})
    assert result["metric_failures"] == 1
    warning, answer = map(json.loads, capsys.readouterr().err.splitlines())
    assert (warning["event"], warning["metrics"]) == ("metrics_not_published", ["DemoInitialized"])
    assert answer["event"] == "initialized"


@pytest.mark.usefixtures("aws")
def test_initialize_demo_answers_the_whole_plan_and_the_executions_own_start() -> None:
    result = controller.handle({"operation": "initialize_demo", **in_demo("first")}, at())
    assert result["demo_id"] == "first"
    assert result["started_at"] == "2027-01-15T07:59:00.500Z"
    assert [phase["task_count"] for phase in result["phases"]] == [1, 10, 50, 1]
    assert result["metric_failures"] == 0


@pytest.mark.usefixtures("aws")
def test_the_workflows_own_default_plan_wins_over_the_packaged_one() -> None:
    event = {"operation": "initialize_demo", "default_plan": {"phases": PHASES}}
    result = controller.handle(event, at())
    assert [phase["target_tps"] for phase in result["phases"]] == [1_500] * 4


@pytest.mark.usefixtures("aws")
def test_a_plan_that_cannot_be_run_is_raised_with_every_bad_field() -> None:
    config = {"phases": [{"target_tps": 0}, None, None], "name": "x"}
    with pytest.raises(InvalidPlan) as caught:
        controller.handle({"operation": "initialize_demo", "demo_config": config}, at())
    assert {problem.field for problem in caught.value.problems} == {
        "name",
        "phases",
        "phases[0].target_tps",
        "phases[0].duration_seconds",
    }


@pytest.mark.usefixtures("aws")
def test_every_operation_publishes_its_metrics() -> None:
    state = controller.handle({"operation": "initialize_demo", **in_demo("m")}, at())
    state = start(2, at(), demo_state=state, **in_demo("m"))
    controller.handle({"operation": "cleanup_demo", "demo_state": state, **in_demo("m")}, at())
    controller.handle({"operation": "handle_failure", **in_demo("m")}, at())
    metrics = client("cloudwatch").list_metrics(Namespace=CONTROLLER_NAMESPACE)["Metrics"]
    assert {metric["MetricName"] for metric in metrics} == {
        "DemoInitialized",
        "PhaseTransition",
        "TargetTPS",
        "TaskCount",
        "DemoCompleted",
        "DemoDurationSeconds",
        "DemoFailed",
        "CostUSD",
    }
    assert {str(metric["Dimensions"]) for metric in metrics} == {
        "[{'Name': 'DemoId', 'Value': 'm'}]"
    }


def costs(demo_id: str) -> list[float]:
    """All that was published of a demo's cost, in any order."""
    found = client("cloudwatch").get_metric_statistics(
        Namespace=CONTROLLER_NAMESPACE,
        MetricName="CostUSD",
        Dimensions=[{"Name": "DemoId", "Value": demo_id}],
        StartTime=datetime.now(UTC) - timedelta(minutes=5),
        EndTime=datetime.now(UTC) + timedelta(minutes=5),
        Period=600,
        Statistics=["SampleCount", "Minimum", "Maximum"],
    )["Datapoints"]
    (point,) = found
    assert point["SampleCount"] == 2
    return [point["Minimum"], point["Maximum"]]


@pytest.mark.usefixtures("aws")
def test_the_cost_so_far_is_told_at_each_phases_start_and_at_the_end() -> None:
    state = controller.handle({"operation": "initialize_demo", **in_demo("m")}, at())
    state = start(1, at(), demo_state=state, **in_demo("m"))
    later = at(NOW + 120)
    event = {"operation": "cleanup_demo", "demo_state": state, **in_demo("m")}
    assert controller.handle(event, later)["metric_failures"] == 0
    first, last = costs("m")
    # A minute of a task, and then two and a half (usage.TASK_OVERHEAD_SECONDS).
    assert last - first > 90 / 3600 * 0.25 * 0.04048
    assert first > 60 / 3600 * 0.25 * 0.04048


@pytest.mark.usefixtures("aws")
def test_a_cost_that_cannot_be_told_is_logged_counted_and_fails_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Stubber(clients.cloudwatch_writer()) as stub:
        stub.add_client_error("get_metric_data", "Throttling")
        stub.add_response("put_metric_data", {})
        result = start(1, at(), **in_demo("m"))
        stub.assert_no_pending_responses()
    assert (result["status"], result["metric_failures"]) == ("phase_started", 1)
    assert json.loads(capsys.readouterr().err)["event"] == "cost_not_published"


@pytest.mark.usefixtures("aws")
def test_the_wait_is_what_announcing_has_left_of_the_phase() -> None:
    moments = itertools.chain([NOW] * 2, itertools.repeat(NOW + 3))
    slow = Services(os.environ, clock=lambda: next(moments), sleep=lambda _: None)
    result = start(1, slow, **in_demo("m"))
    ends_in = datetime.fromisoformat(result["phase_ends_at"]).timestamp() - NOW
    assert result["wait_seconds"] == math.ceil(ends_in - 3)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (None, "not an object"),
        ({}, "operation None is unknown"),
        ({"operation": "get_status"}, "there are initialize_demo, start_phase"),
        ({"operation": "start_phase"}, "phase_number is None"),
        ({"operation": "start_phase", "phase_number": 5}, "phase_number is 5"),
        ({"operation": "start_phase", "phase_number": True}, "phase_number is True"),
        ({"operation": "start_phase", "phase_number": 1, "demo_state": {}}, "demo_state"),
        (
            {
                "operation": "start_phase",
                "phase_number": 1,
                "demo_state": {
                    "status": "initialized",
                    "demo_id": "d",
                    "started_at": "2027-01-15T08:00:00Z",
                    "phases": [],
                },
            },
            "no phase 1",
        ),
        ({"operation": "cleanup_demo", "execution": 1}, "execution is 1"),
        ({"operation": "cleanup_demo", "execution": {"name": "a.b"}}, "can't name a demo"),
        ({"operation": "cleanup_demo", "execution": {"started_at": "now"}}, "no moment"),
    ],
)
def test_an_event_that_cannot_be_understood_is_raised(event: object, message: str) -> None:
    with pytest.raises(InvalidEvent, match=message):
        controller.handle(event, at())


def test_all_settings_that_are_missing_or_unreadable_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings.read({"STATE_MACHINE_ARN": "arn", "ECS_CLUSTER": "c", "SUBNET_IDS": " , "})
    message = str(caught.value)
    missing = ("TASK_DEFINITION_FAMILY", "STREAM_NAME", "SUBNET_IDS", "SECURITY_GROUP_IDS")
    assert all(f"{name} is missing" in message for name in missing)
    assert "STATE_MACHINE_ARN is 'arn'" in message
    assert "ECS_CLUSTER" not in message


@pytest.mark.parametrize("text", ["abc", "0", "-1", "nan", "inf"])
def test_a_capacity_that_is_no_positive_number_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="PER_TASK_CAPACITY"):
        settings.per_task_capacity({"PER_TASK_CAPACITY": text})
