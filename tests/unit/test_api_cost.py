"""What the API says of a demo's cost, called as API Gateway calls it; AWS is moto's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

import app
from chalicelib import clients, demo_state
from chalicelib.demo_state import PhaseRun
from chalicelib.history import Progress
from chalicelib.plan import Phase
from chalicelib.workflow import Workflow
from tests.control_plane import BASE_FAMILY, STATE_MACHINE_ARN, at, client, post
from tests.unit.test_api_demo import publish


def amount(found: dict[str, Any], item: str) -> float:
    return next(float(line["amount"]) for line in found["lines"] if line["item"] == item)


def test_starting_a_demo_tells_what_it_will_cost(http: Any) -> None:
    found = post(http, {"name": "dear"}).json_body["cost"]
    assert (found["currency"], found["region"]) == ("USD", "us-east-1")
    # 7,224,000 records of the default plan, 1 KB each.
    assert amount(found, "Kinesis data in") == pytest.approx(7_224_000 * 1024 / 2**30 * 0.08)
    assert 0.6 < found["total"] < 0.7
    assert "Kept stream" in [line["item"] for line in found["standing"]]


def test_a_dry_run_tells_it_too(http: Any) -> None:
    tried = post(http, {"name": "tried"}, query="?dry_run=true").json_body
    assert tried["status"] == "DRY_RUN"
    assert tried["cost"] == post(http, {"name": "tried"}).json_body["cost"]


def test_a_fresh_streams_hour_is_the_demos(http: Any) -> None:
    body = {"name": "fresh", "stream": {"mode": "fresh"}}
    started = post(http, body).json_body["cost"]
    assert amount(started, "Fresh stream") == 0.04
    assert http.get("/demo/fresh").json_body["cost"]["estimate"] == started


def test_a_warm_stream_is_priced_as_the_committed_account_pays(http: Any) -> None:
    committed = {"MinimumThroughputBillingCommitment": {"Status": "ENABLED"}}
    with Stubber(clients.kinesis()) as stub:
        stub.add_response("describe_account_settings", committed)
        started = post(http, {"name": "warm", "warm_throughput_mibps": 100}).json_body["cost"]
    assert amount(started, "Kinesis data in") == pytest.approx(7_224_000 * 1024 / 2**30 * 0.032)
    stands = sum(line["amount"] for line in started["standing"] if "Advantage" in line["item"])
    assert stands * 24 == pytest.approx(101.25)


def test_the_estimate_goes_by_the_base_task_definition(http: Any) -> None:
    ecs = client("ecs")
    base = ecs.describe_task_definition(taskDefinition=BASE_FAMILY)["taskDefinition"]
    container = base["containerDefinitions"][0]
    container["environment"] = [{"name": "AGGREGATION", "value": "on"}]
    ecs.register_task_definition(
        family=BASE_FAMILY,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="1024",
        memory="2048",
        containerDefinitions=[container],
    )
    found = post(http, {}).json_body["cost"]
    assert amount(found, "Kinesis data in") < 0.3
    assert amount(found, "Fargate CPU") == pytest.approx(62 * 150 / 3600 * 0.04048, abs=1e-6)


def test_without_a_worker_in_the_base_task_definition_nothing_is_started(http: Any) -> None:
    client("ecs").register_task_definition(
        family=BASE_FAMILY,
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "another", "image": "another:1"}],
    )
    response = post(http, {"name": "bare"})
    assert (response.status_code, response.json_body["error"]) == (503, "AwsUnavailable")
    assert http.get("/demo/bare").status_code == 404


def test_a_demo_that_has_only_begun_has_an_estimate_only(http: Any) -> None:
    estimate = post(http, {"name": "begun"}).json_body["cost"]
    assert http.get("/demo/begun").json_body["cost"] == {"estimate": estimate, "actual": None}


def test_a_running_demo_tells_what_it_has_cost_so_far(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = int(datetime.now(UTC).timestamp()) - 30
    phases = tuple(Phase(number, 100, 2, 20) for number in range(1, 5))
    state = demo_state.initialized("run", started, phases)
    for phase, begins in zip(phases, (started, started + 20), strict=False):
        state = demo_state.with_phase(
            state, PhaseRun(phase, begins, begins + 20), 1.0, wait_seconds=20
        )
    monkeypatch.setattr(Workflow, "progress", lambda *_: Progress((), state))
    post(http, {"name": "run"})
    monkeypatch.setattr(app, "services", lambda: at(started + 30.0))
    publish("run", 1, "RecordsDelivered", {started + second: 100 for second in range(20)})
    publish("run", 2, "RecordsDelivered", {started + 20 + second: 60 for second in range(8)})

    found = http.get("/demo/run").json_body["cost"]

    delivered = 2_000 + 480
    assert amount(found["actual"], "Kinesis data in") == pytest.approx(
        delivered * 1024 / 2**30 * 0.08, abs=1e-6
    )
    assert amount(found["estimate"], "Kinesis data in") == pytest.approx(
        8_000 * 1024 / 2**30 * 0.08, abs=1e-6
    )
    # Two tasks in each of two phases, a minute each at the least.
    assert amount(found["actual"], "Public IPv4") == pytest.approx(4 / 60 * 0.005, abs=1e-6)


@pytest.mark.parametrize(
    ("variables", "stands"),
    [
        ({}, {"Kept stream", "Alarms", "Dashboard", "Worker's image"}),
        ({"MONITORING": "off"}, {"Kept stream", "Worker's image"}),
        ({"MONITORING": "off", "KEPT_STREAM": "no"}, {"Worker's image"}),
    ],
)
def test_what_stands_is_what_the_stack_was_deployed_with(
    http: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], stands: set[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    app.services.cache_clear()
    estimate = post(http, {"name": "a", "stream": {"mode": "fresh"}}).json_body["cost"]
    assert {line["item"] for line in estimate["standing"]} == stands
    http.delete("/demo/a")
    actual = http.get("/demo/a").json_body["cost"]["actual"]
    assert {line["item"] for line in actual["standing"]} == stands


def test_a_demo_that_was_stopped_is_charged_for_no_last_state(http: Any) -> None:
    post(http, {"name": "stopped", "stream": {"mode": "fresh"}})
    http.delete("/demo/stopped")
    found = http.get("/demo/stopped").json_body["cost"]["actual"]
    assert amount(found, "Fresh stream") == 0.04
    assert amount(found, "Step Functions") == 0.000025


def test_an_execution_whose_input_is_no_plan_has_no_cost_that_could_be_told(http: Any) -> None:
    client("stepfunctions").start_execution(
        stateMachineArn=STATE_MACHINE_ARN, name="odd", input='{"phases": 1}'
    )
    assert http.get("/demo/odd").json_body["cost"] == {"estimate": None, "actual": None}
