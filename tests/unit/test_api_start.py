"""POST /demo beyond the plan: dry runs, the budget guard, and who loads the same stream."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber
from chalice.test import HTTPResponse

import app
from chalicelib import clients, sharing
from tests.control_plane import STATE_MACHINE_ARN, STREAM, client, post

PHASES = [{"target_tps": 1_500, "duration_seconds": 10}, None, None, None]
FRESH = {"stream": {"mode": "fresh"}}
OWN_STREAM = "kinesis-demo-test-demo-{}"


def fields(response: HTTPResponse) -> set[str]:
    assert response.status_code == 400, response.json_body
    return {field["field"] for field in response.json_body["fields"]}


def demos() -> list[str]:
    listed = client("stepfunctions").list_executions(stateMachineArn=STATE_MACHINE_ARN)
    return sorted(execution["name"] for execution in listed["executions"])


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets one of the budget's variables."""

    def set_to(name: str, value: int) -> None:
        monkeypatch.setenv(name, str(value))
        app.services.cache_clear()

    return set_to


def test_the_answer_says_how_the_demo_was_understood(http: Any) -> None:
    body = post(http, {"name": "told", "phases": PHASES}).json_body
    assert body["phases"][0] == {
        "phase_number": 1,
        "target_tps": 1_500,
        "task_count": 2,
        "duration_seconds": 10,
    }
    assert [phase["target_tps"] for phase in body["phases"]] == [1_500, 10_000, 50_000, 100]
    assert body["stream"] == {
        "name": STREAM,
        "mode": "kept",
        "shared_with": [],
        "shared_with_complete": True,
    }
    assert body["warm_throughput_mibps"] is None


def test_a_stack_without_a_stream_takes_demos_with_one_of_their_own_only(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEPT_STREAM", "no")
    app.services.cache_clear()
    assert fields(post(http, {"name": "kept"})) == {"stream"}
    assert post(http, {"name": "fresh", **FRESH}).status_code == 201


def test_a_stream_of_the_demos_own_is_named_before_it_is_made(http: Any) -> None:
    posted = post(http, {"name": "own", **FRESH}).json_body
    assert (posted["stream"]["name"], posted["stream"]["mode"]) == (
        OWN_STREAM.format("own"),
        "fresh",
    )
    shown = http.get("/demo/own").json_body["stream"]
    assert (shown["name"], shown["mode"]) == (OWN_STREAM.format("own"), "fresh")
    assert shown["open_shards"] is None
    client("kinesis").create_stream(StreamName=OWN_STREAM.format("own"), ShardCount=3)
    assert http.get("/demo/own").json_body["stream"]["open_shards"] == 3


# ?dry_run=true


def test_a_dry_run_answers_the_same_and_starts_nothing(http: Any) -> None:
    body = {"name": "dry", "phases": PHASES, **FRESH}
    dry = post(http, body, query="?dry_run=true")
    assert dry.status_code == 200
    assert demos() == []
    wet = post(http, body, query="?dry_run=false")
    assert wet.status_code == 201
    assert demos() == ["dry"]
    only_of_a_start = {"executionArn", "startDate"}
    assert wet.json_body.keys() - dry.json_body.keys() == only_of_a_start
    differing = {"status", "message", *only_of_a_start}
    assert {k: v for k, v in dry.json_body.items() if k not in differing} == {
        k: v for k, v in wet.json_body.items() if k not in differing
    }
    assert dry.json_body["status"] == "DRY_RUN"


@pytest.mark.parametrize("value", ["", "yes", "1", "True"])
def test_a_dry_run_that_is_neither_true_nor_false_is_named_and_starts_nothing(
    offline: Any, value: str
) -> None:
    response = post(offline, {"phases": 1}, query=f"?dry_run={value}")
    assert fields(response) == {"dry_run", "phases"}


def test_a_dry_run_is_refused_as_the_start_would_be(http: Any, budget: Any) -> None:
    assert fields(post(http, {"phases": []}, query="?dry_run=true")) == {"phases"}
    assert post(http, {"name": "taken"}).status_code == 201
    assert post(http, {"name": "taken"}, query="?dry_run=true").status_code == 409
    budget("MAX_DEMOS", 1)
    assert post(http, {"name": "other"}, query="?dry_run=true").status_code == 429


# The budget guard


def test_what_is_over_the_budget_is_named_with_the_stacks_parameter(http: Any, budget: Any) -> None:
    budget("MAX_TPS", 20_000)
    budget("MAX_DURATION_SECONDS", 479)
    response = post(http, {})
    assert fields(response) == {"phases[2].target_tps", "phases[2].task_count", "phases"}
    told = {field["field"]: field["try"] for field in response.json_body["fields"]}
    assert "MaxTps" in told["phases[2].target_tps"]
    assert "MaxDurationSeconds" in told["phases"]
    assert demos() == []


def test_one_demo_too_many_is_refused_naming_those_that_run(http: Any, budget: Any) -> None:
    budget("MAX_DEMOS", 2)
    assert [post(http, {"name": name}).status_code for name in ("a", "b")] == [201, 201]
    response = post(http, {"name": "c"})
    assert (response.status_code, response.json_body["error"]) == (429, "TooManyDemos")
    assert all(
        words in response.json_body["message"] for words in ("b, a", "MaxDemos", "at most 2")
    )
    assert demos() == ["a", "b"]
    http.delete("/demo/a")
    assert post(http, {"name": "c"}).status_code == 201


def test_a_budget_that_cannot_be_read_starts_nothing(http: Any, budget: Any) -> None:
    budget("MAX_DEMOS", -1)
    response = post(http, {})
    assert (response.status_code, response.json_body["error"]) == (503, "ConfigurationError")
    assert demos() == []


# Who else is on the stream


def test_demos_on_the_stacks_stream_name_each_other_and_no_other(http: Any) -> None:
    post(http, {"name": "ended"})
    http.delete("/demo/ended")
    first = post(http, {"name": "first"}).json_body
    own = post(http, {"name": "own", **FRESH}).json_body
    second = post(http, {"name": "second"}).json_body
    assert first["stream"]["shared_with"] == []
    assert own["stream"]["shared_with"] == []
    assert second["stream"]["shared_with"] == ["first"]
    for demo_id, others in {"first": ["second"], "second": ["first"], "own": []}.items():
        stream = http.get(f"/demo/{demo_id}").json_body["stream"]
        assert (stream["shared_with"], stream["shared_with_complete"]) == (others, True)


def test_a_demo_started_by_hand_counts_as_on_the_stacks_stream(http: Any) -> None:
    client("stepfunctions").start_execution(
        stateMachineArn=STATE_MACHINE_ARN, name="by-hand", input="{}"
    )
    assert post(http, {"name": "x"}).json_body["stream"]["shared_with"] == ["by-hand"]


def test_demos_beyond_those_that_were_asked_about_are_said_to_be_missing(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "MAX_LOOKED_AT", 2)
    for name in ("a", "b", "c"):
        post(http, {"name": name})
    stream = post(http, {"name": "d"}).json_body["stream"]
    assert (stream["shared_with"], stream["shared_with_complete"]) == (["c", "b"], False)


# A start of which nobody knows whether it was one


@pytest.mark.parametrize(("status", "told"), [(500, True), (400, False)])
def test_a_start_that_may_have_happened_names_the_demo_to_look_for(
    http: Any, status: int, told: bool
) -> None:
    with Stubber(clients.stepfunctions()) as stub:
        stub.add_response("list_executions", {"executions": []})
        stub.add_client_error(
            "start_execution", service_error_code="ServerException", http_status_code=status
        )
        response = post(http, {"name": "perhaps", "phases": PHASES})
    message = response.json_body["message"]
    assert response.status_code == (503 if told else 502)
    assert ("GET /demo/perhaps tells whether the demo has started" in message) is told


def answer_lost(monkeypatch: pytest.MonkeyPatch, *, known: bool) -> None:
    """A start is sent again, and refused as MiniStack does; a demo may be unknown for a moment."""
    stepfunctions: Any = clients.stepfunctions()
    start, unknown = stepfunctions.start_execution, {"Error": {"Code": "any"}}

    def sent_again(**asked: Any) -> None:
        start(**asked)
        raise stepfunctions.exceptions.ExecutionAlreadyExists(unknown, "StartExecution")

    def not_yet(**_: Any) -> None:
        raise stepfunctions.exceptions.ExecutionDoesNotExist(unknown, "DescribeExecution")

    monkeypatch.setattr(stepfunctions, "start_execution", sent_again)
    if not known:
        monkeypatch.setattr(stepfunctions, "describe_execution", not_yet)


def test_a_start_whose_answer_was_lost_and_that_was_sent_again_is_no_conflict(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_lost(monkeypatch, known=True)
    response = post(http, {"name": "again", "phases": PHASES})
    (started,) = client("stepfunctions").list_executions(stateMachineArn=STATE_MACHINE_ARN)[
        "executions"
    ]
    assert response.status_code == 201, response.json_body
    assert response.json_body["executionArn"] == started["executionArn"]
    assert response.json_body["status"] == "RUNNING"


def test_a_start_that_is_refused_and_whose_demo_is_unknown_is_a_conflict(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_lost(monkeypatch, known=False)
    response = post(http, {"name": "again", "phases": PHASES})
    assert (response.status_code, response.json_body["error"]) == (409, "DemoExists")
