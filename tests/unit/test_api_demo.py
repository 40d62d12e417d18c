"""GET and DELETE of one demo, called as API Gateway calls them; AWS is moto's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from botocore.stub import Stubber

import app
from chalicelib import clients, demo_state, instants
from chalicelib.contract import WORKER_NAMESPACE
from chalicelib.demo_state import PhaseRun
from chalicelib.history import Progress, Transition
from chalicelib.plan import Phase
from chalicelib.workflow import Workflow
from tests.control_plane import ENVIRONMENT, STATE_MACHINE_ARN, at, client, post

PHASES = [{"target_tps": 1_500, "duration_seconds": 10}, None, None, None]


# GET /demo/{id}


@pytest.mark.parametrize("method", ["get", "delete"])
def test_an_unknown_demo_is_not_found(http: Any, method: str) -> None:
    response = getattr(http, method)("/demo/unknown")
    assert response.status_code == 404
    assert response.json_body["error"] == "UnknownDemo"


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("demo_id", [quote("a b"), "a%00", "a" * 81, "*", "..", "-"])
def test_what_cannot_be_a_demos_id_is_not_found_without_asking_aws(
    offline: Any, method: str, demo_id: str
) -> None:
    response = getattr(offline, method)(f"/demo/{demo_id}")
    assert response.status_code == 404
    assert response.json_body["error"] == "UnknownDemo"


def test_a_demo_that_has_only_begun_shows_its_plan(http: Any) -> None:
    post(http, {"name": "begun", "phases": PHASES})
    response = http.get("/demo/begun")
    assert response.status_code == 200
    body = response.json_body
    assert (body["status"], body["stopDate"], body["currentPhase"]) == ("RUNNING", None, None)
    assert [phase["task_count"] for phase in body["phases"]] == [2, 10, 50, 1]
    assert body["phases"][0]["started_at"] is None
    assert body["tasks"] == {"desired": 0, "running": 0}
    assert body["stream"] == {
        "name": ENVIRONMENT["STREAM_NAME"],
        "mode": "kept",
        "open_shards": 4,
        "shared_with": [],
        "shared_with_complete": True,
    }
    assert body["warm_throughput_mibps"] is None
    assert "error" not in body


def test_a_demo_on_the_stacks_stream_is_shown_also_when_that_is_gone(http: Any) -> None:
    post(http, {"name": "outlived"})
    client("kinesis").delete_stream(StreamName=ENVIRONMENT["STREAM_NAME"])
    response = http.get("/demo/outlived")
    assert (response.status_code, response.json_body["stream"]["open_shards"]) == (200, None)


def test_an_execution_whose_input_is_no_plan_shows_no_phases(http: Any) -> None:
    client("stepfunctions").start_execution(
        stateMachineArn=STATE_MACHINE_ARN, name="odd", input='{"phases": 1}'
    )
    assert http.get("/demo/odd").json_body["phases"] == []


def publish(demo_id: str, phase: int, metric: str, counts: dict[int, float]) -> None:
    client("cloudwatch").put_metric_data(
        Namespace=WORKER_NAMESPACE,
        MetricData=[
            {
                "MetricName": metric,
                "Timestamp": datetime.fromtimestamp(second, UTC),
                "Value": count,
                "StorageResolution": 1,
                "Dimensions": [
                    {"Name": "DemoId", "Value": demo_id},
                    {"Name": "Phase", "Value": str(phase)},
                ],
            }
            for second, count in counts.items()
        ],
    )


def test_a_running_demo_shows_what_it_has_achieved_so_far(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = int(datetime.now(UTC).timestamp()) - 30
    phases = tuple(Phase(number, 100, 2, 20) for number in range(1, 5))
    state = demo_state.initialized("run", started, phases)
    for phase, begins in zip(phases, (started, started + 20), strict=False):
        run = PhaseRun(phase, begins, begins + 20)
        state = demo_state.with_phase(state, run, 1.0, wait_seconds=20)
    progress = Progress((Transition("WaitPhase2Duration", float(started)),), state)
    fixed = at(started + 30.5)
    monkeypatch.setattr(Workflow, "progress", lambda *_: progress)
    post(http, {"name": "run"})
    monkeypatch.setattr(app, "services", lambda: fixed)
    fixed.fleet.start_phase("run", phases[1], started + 40)
    for second in range(20):
        publish("run", 1, "RecordsDelivered", {started + second: 50 if second < 2 else 99})
        publish("run", 1, "RecordsDelivered", {started + second: 0 if second < 2 else 1})
    publish("run", 1, "RecordsThrottled", {started + 1: 30, started + 15: 3})
    publish("run", 2, "RecordsDelivered", {started + 20 + second: 60 for second in range(8)})
    publish("another", 1, "RecordsDelivered", {started: 1_000})

    body = http.get("/demo/run").json_body

    assert (body["currentState"], body["currentPhase"]) == ("WaitPhase2Duration", 2)
    entered = instants.iso(started)
    assert body["transitions"] == [{"state": "WaitPhase2Duration", "entered_at": entered}]
    assert body["current_tps"] == 60.0
    first, second = body["phases"][:2]
    assert (first["achieved_tps"], first["seconds_to_target"]) == (100.0, 2.0)
    assert first["records"]["delivered"] == 2 * 50 + 18 * 100
    assert (second["achieved_tps"], second["seconds_to_target"]) == (60.0, None)
    assert second["ended_at"] is None
    assert body["records"] == {
        "generated": 0,
        "delivered": 1_900 + 480,
        "throttled": 33,
        "retried": 0,
        "failed": 0,
    }
    assert body["tasks"]["desired"] == 2


def test_a_failed_demo_shows_its_error_and_cause_without_a_stack_trace(http: Any) -> None:
    cause = json.dumps({"errorMessage": "why", "errorType": "X", "stackTrace": ["secret"]})
    post(http, {"name": "failed"})
    described = {
        "executionArn": "arn",
        "stateMachineArn": "arn",
        "startDate": datetime.now(UTC),
        "stopDate": datetime.now(UTC),
        "status": "FAILED",
        "input": "{}",
        "error": "X",
        "cause": cause,
    }
    with Stubber(clients.stepfunctions()) as stub:
        stub.add_response("describe_execution", described)
        stub.add_response("list_executions", {"executions": []})
        body = http.get("/demo/failed").json_body
    assert (body["status"], body["error"], body["cause"]) == ("FAILED", "X", "why")


# DELETE /demo/{id}


def test_deleting_a_demo_stops_its_workflow_and_its_workers(http: Any) -> None:
    post(http, {"name": "gone"})
    app.services().fleet.start_phase("gone", Phase(1, 100, 3, 60), 2e9)
    response = http.delete("/demo/gone")
    assert response.status_code == 202
    assert response.json_body["status"] == "ABORTED"
    body = http.get("/demo/gone").json_body
    assert (body["status"], body["tasks"]["desired"]) == ("ABORTED", 0)


def test_deleting_a_demo_again_is_harmless(http: Any) -> None:
    post(http, {"name": "again"})
    assert [http.delete("/demo/again").status_code for _ in range(3)] == [202] * 3


def test_deleting_one_demo_leaves_the_others(http: Any) -> None:
    for name in ("a", "a-b"):
        post(http, {"name": name})
        app.services().fleet.start_phase(name, Phase(1, 100, 3, 60), 2e9)
    http.delete("/demo/a")
    assert http.get("/demo/a-b").json_body["status"] == "RUNNING"
    assert http.get("/demo/a-b").json_body["tasks"]["desired"] == 3


def execution_with(status: str) -> dict[str, Any]:
    return {
        "executionArn": "arn",
        "stateMachineArn": "arn",
        "startDate": datetime.now(UTC),
        "status": status,
        "input": "{}",
    }


@pytest.mark.parametrize(("afterwards", "expected"), [("SUCCEEDED", 202), ("RUNNING", 502)])
def test_a_demo_that_ended_just_before_it_was_stopped_has_simply_ended(
    http: Any, afterwards: str, expected: int
) -> None:
    with Stubber(clients.stepfunctions()) as stub:
        stub.add_response("describe_execution", execution_with("RUNNING"))
        stub.add_client_error("stop_execution", service_error_code="ValidationException")
        stub.add_response("describe_execution", execution_with(afterwards))
        assert http.delete("/demo/late").status_code == expected
