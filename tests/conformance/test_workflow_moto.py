"""statemachine.json under an interpreter that we didn't write: moto's (LocalStack's).

Once with the handler's own answers queued for its Lambda, as moto offers; and then with the handler
itself behind moto's Lambda, so that ECS, the API and every failure can be looked at, too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from chalice.test import Client
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend

import app
from chalicelib import instants
from chalicelib.workflow import Workflow
from tests import control_plane
from tests.conformance.executions import ended, events_of, start, states_entered
from tests.control_plane import BASE_FAMILY, CLUSTER, STATE_MACHINE, client
from tests.e2e.demos import wait_until

DEFINITION = (Path(__file__).parents[2] / "statemachine.json").read_text()
CONTROLLER = "arn:aws:lambda:us-east-1:123456789012:function:controller"
SHORT = [{"target_tps": 1_500, "duration_seconds": 1} for _ in range(4)]
PHASES = [name for n in range(1, 5) for name in (f"StartPhase{n}", f"WaitPhase{n}Duration")]
FRESH = {"phases": SHORT, "stream": {"mode": "fresh"}}
SUCCESS = ["InitializeDemo", *PHASES, "CleanupDemo", "DemoCompleted"]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto with its Step Functions interpreter and a Lambda without Docker."""
    control_plane.use_environment(monkeypatch)
    monkeypatch.setenv("TZ", "UTC")  # moto compares a Wait's timestamp with the local time
    time.tzset()
    config: Any = {
        "stepfunctions": {"execute_state_machine": True},
        "lambda": {"use_docker": False},
    }
    with mock_aws(config=config):
        control_plane.make_infrastructure(monkeypatch)
        yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def handler(aws: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:  # noqa: ARG001
    """Puts lambda_handler behind moto's Lambda, told and answering as AWS does; see `fail_in`."""
    broken: set[tuple[str, int | None]] = set()

    def invoke(_: object, name: str, __: object, body: str, ___: object, headers: Any) -> bytes:
        assert name == CONTROLLER.rpartition(":")[2] or name == CONTROLLER
        event = json.loads(body)
        try:
            if (event["operation"], event.get("phase_number")) in broken:
                raise ZeroDivisionError("broken on purpose")
            return json.dumps(app.lambda_handler(event, {})).encode()
        except Exception as error:
            headers["x-amz-function-error"] = "Unhandled"
            failure = {"errorMessage": str(error), "errorType": type(error).__name__}
            return json.dumps(failure | {"stackTrace": ["..."]}).encode()

    def fail_in(*operations: tuple[str, int | None]) -> None:
        broken.update(operations)

    monkeypatch.setattr(LambdaSimpleBackend, "invoke", invoke)
    return fail_in


def make_machine(definition: str = DEFINITION) -> None:
    client("stepfunctions").create_state_machine(
        name=STATE_MACHINE,
        definition=definition.replace("${ControllerFunctionArn}", CONTROLLER),
        roleArn="arn:aws:iam::123456789012:role/states",
    )


def impatient() -> str:
    """The same machine, but it retries once, after a second."""
    machine = json.loads(DEFINITION)
    for state in machine["States"].values():
        for retrier in state.get("Retry", []):
            if retrier["MaxAttempts"]:
                retrier |= {"IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1.0}
    return json.dumps(machine)


def services() -> list[str]:
    return [str(arn) for arn in client("ecs").list_services(cluster=CLUSTER)["serviceArns"]]


def own_streams() -> list[str]:
    names = client("kinesis").list_streams()["StreamNames"]
    return [name for name in names if name != control_plane.STREAM]


def nothing_left() -> bool:
    """No service, no task definition but the base, no stream but the stack's."""
    ecs = client("ecs")
    names = [arn.rpartition("/")[2] for arn in services()]
    found = ecs.describe_services(cluster=CLUSTER, services=names)["services"] if names else []
    active = ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    only_the_base = [arn.rpartition("/")[2] for arn in active] == [f"{BASE_FAMILY}:1"]
    no_service = all(service["status"] == "INACTIVE" for service in found)
    return no_service and only_the_base and not own_streams()


def handlers_answers() -> list[dict[str, Any]]:
    """What lambda_handler answers to the events of one demo with phases of a second each."""
    event: dict[str, Any] = {"operation": "initialize_demo", "demo_config": {"phases": SHORT}}
    answers = [app.lambda_handler(event, {})]
    for number in range(1, 5):
        event = {
            "operation": "start_phase",
            "phase_number": number,
            "demo_state": answers[-1],
        }
        answers.append(app.lambda_handler(event, {}))
    answers.append(app.lambda_handler({"operation": "cleanup_demo", "demo_state": answers[-1]}, {}))
    return answers


@pytest.mark.usefixtures("aws")
def test_the_empty_input_runs_to_the_end_on_the_handlers_own_answers() -> None:
    make_machine()
    answers = handlers_answers()
    queue = {"results": [json.dumps(answer) for answer in answers], "region": "us-east-1"}
    requests.post(
        "http://motoapi.amazonaws.com/moto-api/static/lambda-simple/response",
        json=queue,
        timeout=60,
    )
    arn = start("queued", {})
    execution = ended(arn)
    assert execution["status"] == "SUCCEEDED", execution
    assert states_entered(arn) == SUCCESS
    assert json.loads(execution["output"]) == {"demo_state": answers[-1]}


@pytest.mark.usefixtures("handler")
def test_demos_run_side_by_side_each_through_its_four_phases() -> None:
    make_machine()
    arns = [start(f"demo-{n}", FRESH if n % 2 else {"phases": SHORT}) for n in range(5)]
    for arn in arns:
        execution = ended(arn)
        assert execution["status"] == "SUCCEEDED", execution
        assert states_entered(arn) == SUCCESS
        state = json.loads(execution["output"])["demo_state"]
        assert state["status"] == "completed"
        assert all(phase["ends_at"] for phase in state["phases"])
    assert nothing_left()


OPERATIONS = [
    ("InitializeDemo", ("initialize_demo", None)),
    *((f"StartPhase{number}", ("start_phase", number)) for number in range(1, 5)),
    ("CleanupDemo", ("cleanup_demo", None)),
]


@pytest.mark.parametrize(("state", "operation"), OPERATIONS)
def test_a_failure_in_any_state_is_cleaned_up_and_ends_with_its_cause(
    handler: Callable[..., None], state: str, operation: tuple[str, int | None]
) -> None:
    make_machine(impatient())
    handler(operation)
    arn = start("broken", FRESH)
    execution = ended(arn)
    assert execution["status"] == "FAILED"
    assert execution["error"] == "ZeroDivisionError"
    assert "broken on purpose" in execution["cause"]
    assert states_entered(arn) == [*SUCCESS[: SUCCESS.index(state) + 1], "DemoFailed", "Failed"]
    assert [event["type"] for event in events_of(arn)].count("TaskFailed") == 2
    assert nothing_left()


def test_when_cleaning_up_fails_too_the_first_error_is_the_one_reported(
    handler: Callable[..., None],
) -> None:
    make_machine(impatient())
    handler(("start_phase", 1), ("handle_failure", None))
    arn = start("twice", {"phases": SHORT})
    execution = ended(arn)
    assert (execution["status"], execution["error"]) == ("FAILED", "ZeroDivisionError")
    assert states_entered(arn)[-2:] == ["DemoFailed", "Failed"]


@pytest.mark.usefixtures("handler")
def test_a_plan_that_cannot_be_run_fails_at_once_naming_every_field() -> None:
    make_machine()
    arn = start("refused", {"phases": [{"target_tps": 0}, None, None, None], "x": 1})
    execution = ended(arn)
    assert execution["error"] == "InvalidPlan"
    message = json.loads(execution["cause"])["errorMessage"]
    assert all(field in message for field in ("x is", "[0].target_tps", "[0].duration_seconds"))
    assert [event["type"] for event in events_of(arn)].count("TaskFailed") == 1


@pytest.mark.usefixtures("handler")
def test_a_crossed_threshold_stops_the_demo_before_its_next_phase_and_it_is_cleaned_up() -> None:
    make_machine()
    judged = {"thresholds": ["failed==0", "cost<0.000001"], "abort_on_fail": True}
    arn = start("crossed", {**FRESH, **judged})
    execution = ended(arn)
    assert (execution["status"], execution["error"]) == ("FAILED", "ThresholdCrossed")
    message = json.loads(execution["cause"])["errorMessage"]
    assert message.startswith("demo crossed is stopped: cost<0.000001 is crossed: ")
    assert message.endswith(" USD")
    upto = SUCCESS[: SUCCESS.index("StartPhase2") + 1]
    assert states_entered(arn) == [*upto, "DemoFailed", "Failed"]
    assert [event["type"] for event in events_of(arn)].count("TaskFailed") == 1
    assert nothing_left()


@pytest.mark.usefixtures("handler")
def test_the_workers_of_a_demo_with_a_stream_of_its_own_send_to_that() -> None:
    make_machine()
    arn = start("own", {**FRESH, "phases": [{"target_tps": 1, "duration_seconds": 2}] * 4})
    wait_until("phase 1", lambda: "WaitPhase1Duration" in states_entered(arn))
    assert own_streams() == [control_plane.environment("own")["STREAM_NAME"]]
    assert ended(arn)["status"] == "SUCCEEDED"
    assert nothing_left()


@pytest.fixture
def newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes up for moto, which answers a history oldest first even if asked for the reverse."""
    oldest_first = Workflow._events_newest_first
    monkeypatch.setattr(
        Workflow,
        "_events_newest_first",
        lambda workflow, arn: reversed(list(oldest_first(workflow, arn))),
    )


def seconds_late(arn: str) -> Iterator[float]:
    """How long after its phase's end each Wait ended; moto cuts a Wait down to whole seconds."""
    for event in events_of(arn):
        if event["type"] == "WaitStateExited":
            state = json.loads(event["stateExitedEventDetails"]["output"])["demo_state"]
            yield event["timestamp"].timestamp() - instants.epoch(state["phase_ends_at"])


@pytest.mark.usefixtures("handler", "newest_first")
def test_the_api_follows_a_demo_to_its_end() -> None:
    make_machine()
    phases_of_2_seconds = [phase | {"duration_seconds": 2} for phase in SHORT]
    with Client(app.app) as chalice:
        wanted = {
            "name": "followed",
            "phases": phases_of_2_seconds,
            "thresholds": ["cost<0.000001"],
        }
        body = json.dumps(wanted).encode()
        arn = chalice.http.post("/demo", body=body).json_body["executionArn"]
        phases = []

        def over() -> Any:
            found = chalice.http.get("/demo/followed").json_body
            if found["status"] != "RUNNING":
                return found
            phases.append(found["currentPhase"] or 0)
            return None

        demo = wait_until("the demo's end", over)
    assert ended(arn)["status"] == demo["status"] == "SUCCEEDED"
    assert [transition["state"] for transition in demo["transitions"]] == SUCCESS
    assert phases == sorted(phases)
    assert all(phase["ended_at"] for phase in demo["phases"])
    assert demo["tasks"]["desired"] == 0
    # Crossed from the first phase on; but nobody asked to stop at that.
    assert [verdict["ok"] for verdict in demo["thresholds"]] == [False]
    assert [late > -1 for late in seconds_late(arn)] == [True] * 4, "a Wait ended early"


@pytest.mark.usefixtures("handler", "newest_first")
def test_the_api_stops_a_demo_and_its_workers_in_mid_phase() -> None:
    make_machine()
    with Client(app.app) as chalice:
        long = [phase | {"duration_seconds": 15} for phase in SHORT]
        body = json.dumps({"name": "stopped", "phases": long}).encode()
        arn = chalice.http.post("/demo", body=body).json_body["executionArn"]
        demo = chalice.http.get
        wait_until(
            "phase 1",
            lambda: demo("/demo/stopped").json_body["currentState"] == "WaitPhase1Duration",
        )
        assert chalice.http.delete("/demo/stopped").status_code == 202
    # moto stops a moment later, or even after the Wait if that was just about to begin.
    assert ended(arn)["status"] == "ABORTED"
    assert nothing_left()
