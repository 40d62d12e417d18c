"""Thresholds held against a demo: by GET, and by the controller between phases. AWS is moto's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

import app
from chalicelib import clients, criteria, demo_state, judging
from chalicelib.contract import WORKER_NAMESPACE
from chalicelib.demo_state import DemoState, PhaseRun
from chalicelib.errors import ThresholdCrossed
from chalicelib.fleet import Fleet
from chalicelib.history import Progress, Transition
from chalicelib.metrics import WorkerMetrics
from chalicelib.plan import Phase
from chalicelib.workflow import Workflow
from tests.control_plane import at, client, in_demo, post, service, start

PHASES = tuple(Phase(number, 100, 1, 10) for number in range(1, 5))
INTERVAL = 2.0
COUNTS = {"RecordsGenerated": 1_000, "RecordsDelivered": 1_000, "RecordsThrottled": 30}


def judged_by(*thresholds: str, abort: bool = False) -> criteria.Criteria:
    return criteria.read({"thresholds": [*thresholds], "abort_on_fail": abort})


def in_phase(number: int, began: float, wanted: criteria.Criteria) -> DemoState:
    """A demo whose phases of 10 s began one after the other, the first at `began`."""
    state = demo_state.initialized("run", began, PHASES, judged_by=wanted)
    for place, phase in enumerate(PHASES[:number]):
        begins = began + 10 * place
        run = PhaseRun(phase, begins, begins + 10)
        state = demo_state.with_phase(state, run, INTERVAL, wait_seconds=10)
    return state


def publish(phase: int, second: int, **counts: float) -> None:
    dimensions = [{"Name": "DemoId", "Value": "run"}, {"Name": "Phase", "Value": str(phase)}]
    moment = datetime.fromtimestamp(second, UTC)
    client("cloudwatch").put_metric_data(
        Namespace=WORKER_NAMESPACE,
        MetricData=[
            {"MetricName": name, "Timestamp": moment, "Value": value, "Dimensions": dimensions}
            for name, value in counts.items()
        ],
    )


@pytest.fixture
def began() -> int:
    """When the demo began: a while ago, so that moto has what was published since."""
    return int(datetime.now(UTC).timestamp()) - 60


@pytest.fixture
def shown(http: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """GET of the demo in this state, at this moment, perhaps after its end."""
    post(http, {"name": "run"})

    def show(state: DemoState, now: float, stopped_at: float | None = None) -> Any:
        described = replace(Workflow.describe(at(now).workflow, "run"), started_at=now - 60)
        if stopped_at is not None:
            described = replace(described, status="SUCCEEDED", stopped_at=stopped_at)
        with monkeypatch.context() as patch:
            patch.setattr(Workflow, "describe", lambda *_: described)
            entered = Transition("WaitPhase1Duration", now)
            patch.setattr(Workflow, "progress", lambda *_: Progress((entered,), state))
            patch.setattr(app, "services", lambda: at(now))
            return http.get("/demo/run").json_body

    return show


def verdicts(demo: Any) -> list[Any]:
    return [(told["threshold"], told["value"], told["ok"]) for told in demo["thresholds"]]


def test_a_dry_run_checks_thresholds_and_says_how_they_were_understood(http: Any) -> None:
    body = {"thresholds": ["lost == 0", "phase 2:throttled<1.0%"], "abort_on_fail": True}
    answer = post(http, body, "?dry_run=true").json_body
    assert answer["thresholds"] == ["lost==0", "phase 2: throttled<1%"]
    assert answer["abort_on_fail"] is True
    refused = post(http, {"thresholds": ["lost==0", "speed>1"]}, "?dry_run=true")
    assert refused.status_code == 400
    (field,) = refused.json_body["fields"]
    assert (field["field"], field["problem"]) == (
        "thresholds[1]",
        "measures 'speed', which is unknown",
    )
    assert "achieved_tps" in field["try"]


def test_before_its_first_phase_a_demo_shows_what_it_will_be_judged_by(http: Any) -> None:
    post(http, {"name": "run", "thresholds": ["lost==0"], "abort_on_fail": True})
    demo = http.get("/demo/run").json_body
    assert demo["thresholds"] == [
        {
            "threshold": "lost==0",
            "phase": None,
            "metric": "lost",
            "operator": "==",
            "limit": 0,
            "unit": "records",
            "value": None,
            "ok": None,
        }
    ]
    assert demo["abort_on_fail"] is True


def test_a_running_demo_shows_verdicts_on_what_cannot_change_any_more(
    shown: Any, began: int
) -> None:
    wanted = judged_by(
        "phase 1: lost==0", "phase 2: lost==0", "lost==0", "throttled<30", "seconds_to_target<5"
    )
    publish(1, began + 1, **COUNTS)
    demo = shown(in_phase(2, began, wanted), now=began + 10 + INTERVAL + 3)
    assert verdicts(demo) == [
        ("phase 1: lost==0", 0, True),
        ("phase 2: lost==0", None, None),
        ("lost==0", None, None),
        ("throttled<30", 30, False),
        ("seconds_to_target<5", None, None),
    ]


def test_after_its_end_a_demo_is_judged_when_its_tasks_are_gone(
    shown: Any, began: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = judged_by("lost==0", "achieved_tps>=99%", "phase 1: seconds_to_target<5", "cost<1")
    state = in_phase(1, began, wanted)
    publish(1, began + 9, **COUNTS)
    for drains, expected in ((True, [None] * 4), (False, [True, True, False, True])):
        monkeypatch.setattr(Fleet, "has_tasks", lambda *_, drains=drains: drains)
        demo = shown(state, now=began + 11, stopped_at=began + 10)
        assert [told["ok"] for told in demo["thresholds"]] == expected


def test_what_was_never_reached_is_crossed_without_a_number(shown: Any, began: int) -> None:
    publish(1, began + 1, RecordsGenerated=10, RecordsDelivered=10)
    state = in_phase(1, began, judged_by("phase 1: seconds_to_target<999"))
    demo = shown(state, now=began + 10 + INTERVAL + 2)
    assert verdicts(demo) == [("phase 1: seconds_to_target<999", None, False)]


def test_aws_is_asked_for_no_more_than_the_thresholds_need(
    shown: Any, began: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: Any, **__: Any) -> Any:
        raise AssertionError("it was asked")

    monkeypatch.setattr(Fleet, "has_tasks", asked)
    monkeypatch.setattr(WorkerMetrics, "percentiles", asked)
    publish(1, began + 1, **COUNTS)
    shown(in_phase(1, began, criteria.NO_CRITERIA), now=began + 11, stopped_at=began + 10)
    latency = in_phase(1, began, judged_by("phase 1: p99_latency_ms<5"))
    assert verdicts(shown(latency, now=began + 11)) == [("phase 1: p99_latency_ms<5", None, None)]
    counts = in_phase(1, began, judged_by("lost==0"))
    assert verdicts(shown(counts, now=began + 200, stopped_at=began + 10)) == [("lost==0", 0, True)]


def test_a_percentile_is_asked_for_once_its_phase_is_complete(
    shown: Any, began: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def percentiles(_: Any, demo_id: str, wanted: Any, window: Any) -> Any:
        asked.append((demo_id, wanted))
        assert window.begin <= began < window.end
        return {(1, 99): 41.5}

    monkeypatch.setattr(WorkerMetrics, "percentiles", percentiles)
    publish(1, began + 1, **COUNTS)
    wanted = judged_by("phase 1: p99_latency_ms<50", "phase 2: p50_latency_ms<50")
    demo = shown(in_phase(2, began, wanted), now=began + 10 + INTERVAL + 2)
    assert [told["value"] for told in demo["thresholds"]] == [41.5, None]
    assert asked == [("run", {(1, 99)})]


# Between two phases.


def next_phase(state: DemoState, now: float) -> dict[str, Any]:
    event = {"demo_state": demo_state.to_json(state), **in_demo("run")}
    number = sum(run.started_at is not None for run in state.runs) + 1
    return start(number, at(now), **event)


@pytest.mark.usefixtures("aws")
def test_a_demo_stops_before_the_next_phase_at_what_is_crossed_for_good(began: int) -> None:
    publish(1, began + 1, **COUNTS)
    state = in_phase(1, began, judged_by("throttled<30", "cost<100", "failed==0", abort=True))
    with pytest.raises(ThresholdCrossed) as crossed:
        next_phase(state, began + 10)
    assert str(crossed.value) == "demo run is stopped: throttled<30 is crossed: 30 records"
    assert service("run") is None


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("wanted", "abort"),
    [("throttled<30", False), ("lost==0", True), ("achieved_tps>=99%", True), ("cost<1", True)],
)
def test_it_goes_on_where_it_was_not_told_to_stop_or_counts_are_still_to_come(
    began: int, wanted: str, abort: bool
) -> None:
    publish(1, began + 1, **COUNTS | {"RecordsDelivered": 500})
    state = in_phase(1, began, judged_by(wanted, abort=abort))
    answer = next_phase(state, began + 10)
    assert answer["status"] == "phase_started"
    assert (answer["thresholds"], answer["abort_on_fail"]) == ([wanted], abort)


@pytest.mark.usefixtures("aws")
def test_a_phase_is_judged_at_the_transition_after_its_counts_are_complete(began: int) -> None:
    publish(1, began + 1, **COUNTS | {"RecordsDelivered": 400, "RecordsFailed": 600})
    wanted = judged_by("phase 1: lost==0", "phase 1: seconds_to_target<1", abort=True)
    # A phase that has begun already is not judged again: its earlier try was.
    next_phase(in_phase(1, began, wanted), began + 10)
    with pytest.raises(ThresholdCrossed, match=r"lost==0 is crossed: 600 .*<1 is crossed: 1 s"):
        next_phase(in_phase(2, began, wanted), began + 20)


@pytest.mark.usefixtures("aws")
def test_where_cloudwatch_does_not_answer_the_demo_goes_on(
    began: int, capsys: pytest.CaptureFixture[str]
) -> None:
    state = in_phase(1, began, judged_by("throttled<30", abort=True))
    with Stubber(clients.cloudwatch_writer()) as stub:
        stub.add_client_error("get_metric_data", "Throttling")
        judging.stop_if_crossed(state, at(began + 10))
    warning = json.loads(capsys.readouterr().err)
    assert (warning["event"], warning["demo_id"]) == ("thresholds_not_judged", "run")
    assert "Throttling" in warning["cause"]
