"""What a demo achieved, from counts per second; and how far it has come, from its history."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import demo_state, history, instants, report
from chalicelib.contract import WorkerMetric
from chalicelib.demo_state import PhaseRun, Status
from chalicelib.plan import Phase
from chalicelib.report import Measured, Series

START = 1_800_000_000
PHASE = Phase(2, 1_000, 4, 10)


def series(*counts: float, start: int = START, period: int = 1) -> Series:
    return Series(period, {start + i * period: count for i, count in enumerate(counts)})


def rate_of(delivered: Series, *, until: float, start: float = START, target: float = 100) -> Any:
    return report.rate(delivered, target_tps=target, started_at=start, complete_until=until)


def test_the_rate_is_the_mean_from_the_first_second_that_reaches_the_target() -> None:
    found = rate_of(series(20, 80, 99, 101, 100), until=START + 5)
    assert found == report.Rate(100.0, 2.0)


def test_a_second_just_below_99_percent_has_not_reached_the_target() -> None:
    assert rate_of(series(98.9, 98.9), until=START + 2) == report.Rate(98.9, None)


def test_the_time_to_the_target_counts_from_the_phases_own_start() -> None:
    assert rate_of(series(0, 100), start=START + 0.25, until=START + 2).seconds_to_target == 0.8


def test_a_target_reached_in_the_phases_first_second_took_no_time() -> None:
    assert rate_of(series(100), start=START + 0.25, until=START + 2).seconds_to_target == 0.0


def test_a_second_without_a_count_is_a_second_without_deliveries() -> None:
    gap = Series(1, {START: 100, START + 2: 100})
    assert rate_of(gap, until=START + 4) == report.Rate(50.0, 0.0)


def test_seconds_after_the_window_do_not_count() -> None:
    assert rate_of(series(100, 100, 900), until=START + 2).achieved_tps == 100.0


def test_seconds_before_the_phase_do_not_count() -> None:
    assert rate_of(series(900, 100, start=START - 1), until=START + 1).achieved_tps == 100.0


def test_a_rate_before_the_first_complete_second_is_unknown() -> None:
    assert rate_of(series(100), until=START) == report.Rate(None, None)


def test_a_phase_without_any_delivery_achieved_nothing() -> None:
    assert rate_of(Series(1, {}), until=START + 10) == report.Rate(0.0, None)


def test_counts_by_the_minute_give_the_same_rate() -> None:
    minute = START // 60 * 60
    found = rate_of(
        series(3_000, 6_000, 6_000, start=minute, period=60), start=minute, until=minute + 180
    )
    assert found == report.Rate(100.0, 60.0)


def test_a_phase_shorter_than_a_period_is_averaged_over_its_own_time() -> None:
    minute = START // 60 * 60
    found = rate_of(series(1_000, start=minute, period=60), start=minute + 5, until=minute + 15)
    assert found == report.Rate(100.0, None)


@given(st.floats(1, 1e6), st.integers(1, 60), st.integers(0, 30))
def test_a_steady_phase_achieves_its_target(target: float, steady: int, ramp: int) -> None:
    counts = [target / 2] * ramp + [target] * steady
    found = rate_of(series(*counts), until=START + ramp + steady, target=target)
    assert found.achieved_tps == pytest.approx(target, abs=0.006)
    assert found.seconds_to_target == ramp


def test_the_current_rate_is_that_of_the_newest_three_complete_seconds() -> None:
    tps = report.current_tps(series(1, 10, 20, 30, 999), started_at=START, complete_until=START + 4)
    assert tps == 20.0


def test_there_is_no_current_rate_before_the_first_complete_second() -> None:
    assert report.current_tps(series(9), started_at=START, complete_until=START) == 0.0


def measured(now: float, *, stopped_at: float | None = None, counts: Series) -> Measured:
    return Measured(
        series={
            (2, WorkerMetric.DELIVERED): counts,
            (2, WorkerMetric.THROTTLED): series(7, 7, period=60),
        },
        now=now,
        stopped_at=stopped_at,
        metrics_interval=2.0,
    )


def test_while_a_phase_runs_its_newest_seconds_wait_for_all_workers_to_report() -> None:
    running = measured(START + 8.5, counts=series(*[1_000] * 8))
    assert running.complete_until(START + 10) == START + 5


def test_what_a_stopped_demo_delivered_counts_up_to_its_end() -> None:
    stopped = measured(START + 99, stopped_at=START + 6.7, counts=series(*[1_000] * 7))
    assert stopped.complete_until(START + 10) == START + 6


def test_a_phase_that_has_not_started_has_nulls_for_what_it_lacks() -> None:
    found = report.phase_report(PhaseRun(PHASE), measured(START, counts=Series(1, {})))
    lacking = ("started_at", "ends_at", "ended_at", "achieved_tps", "seconds_to_target")
    assert [found[key] for key in lacking] == [None] * 5
    assert found["target_tps"] == 1_000


def test_a_running_phase_has_an_end_ahead_and_none_behind() -> None:
    run = PhaseRun(PHASE, START, START + 10)
    found = report.phase_report(run, measured(START + 8.5, counts=series(500, *[1_000] * 7)))
    assert found["ends_at"] == instants.iso(START + 10)
    assert found["ended_at"] is None
    assert (found["achieved_tps"], found["seconds_to_target"]) == (1_000.0, 1.0)
    assert found["records"] == {
        "generated": 0,
        "delivered": 7_500,
        "throttled": 14,
        "retried": 0,
        "failed": 0,
    }


def test_a_phase_that_ran_its_time_ended_when_it_was_to() -> None:
    run = PhaseRun(PHASE, START, START + 10)
    found = report.phase_report(run, measured(START + 60, counts=series(*[1_000] * 10)))
    assert found["ended_at"] == found["ends_at"]


def test_a_phase_that_was_stopped_ended_then() -> None:
    run = PhaseRun(PHASE, START, START + 10)
    found = report.phase_report(
        run, measured(START + 60, stopped_at=START + 4.5, counts=series(*[1_000] * 4))
    )
    assert found["ended_at"] == instants.iso(START + 4.5)


def test_the_demos_records_are_its_phases_added_up() -> None:
    found = report.phase_report(PhaseRun(PHASE), measured(START, counts=series(1, 2)))
    assert report.records_in([found, found])["delivered"] == 6


@pytest.mark.parametrize(
    ("cause", "shown"),
    [
        (None, None),
        ("plain words", "plain words"),
        ('{"errorType": "X", "errorMessage": "why", "stackTrace": ["secret"]}', "why"),
        ("[1]", "[1]"),
        ('{"other": 1}', '{"other": 1}'),
    ],
)
def test_a_cause_is_shown_without_the_stack_trace_around_it(
    cause: str | None, shown: str | None
) -> None:
    assert report.readable_cause(cause) == shown


def state_with(number: int) -> demo_state.DemoState:
    phases = tuple(Phase(n, 10, 1, 5) for n in range(1, 5))
    state = demo_state.initialized("demo-1", START + 0.125, phases)
    for n, phase in enumerate(phases[:number], start=1):
        run = PhaseRun(phase, START + 5 * n + 0.5, START + 5 * n + 5)
        state = demo_state.with_phase(state, run, 2.0, wait_seconds=5)
    return state


def event(detail: str, name: str, second: int = 0, **data: object) -> dict[str, Any]:
    details = {"name": name} | {key: json.dumps(value) for key, value in data.items()}
    return {"timestamp": datetime.fromtimestamp(second, UTC), detail: details}


@pytest.mark.parametrize("number", range(5))
def test_a_state_comes_back_as_it_was_sent(number: int) -> None:
    state = state_with(number)
    assert demo_state.from_json(json.loads(json.dumps(demo_state.to_json(state)))) == state


def test_an_ended_state_comes_back_as_it_was_sent() -> None:
    state = demo_state.ended(state_with(4), Status.COMPLETED, START + 40.25)
    document = demo_state.to_json(state)
    assert document["duration_seconds"] == 40.125
    assert demo_state.from_json(document) == state


def test_the_newest_demo_state_in_the_history_is_the_demos_present() -> None:
    newer, older = (demo_state.to_json(state_with(n)) for n in (2, 1))
    events = [
        {"type": "TaskScheduled"},
        event("stateEnteredEventDetails", "StartPhase3", 9, input={"demo_state": newer}),
        event("stateExitedEventDetails", "WaitPhase2Duration", output={"demo_state": newer}),
        event("stateExitedEventDetails", "StartPhase1", output={"demo_state": older}),
        event("stateEnteredEventDetails", "StartPhase1", 3, input={"demo_state": older}),
    ]
    found = history.progress(events)
    assert found.demo_state == state_with(2)
    assert found.state_name == "StartPhase3"
    assert found.transitions == (
        history.Transition("StartPhase1", 3.0),
        history.Transition("StartPhase3", 9.0),
    )


def test_a_history_without_a_demo_state_tells_the_state_only() -> None:
    events = [
        event("stateEnteredEventDetails", "DemoFailed", input={"error": {"Error": "InvalidPlan"}}),
        event("stateEnteredEventDetails", "InitializeDemo", input=[]),
    ]
    found = history.progress(events)
    assert (found.state_name, found.demo_state) == ("DemoFailed", None)


def test_an_execution_that_has_only_begun_tells_nothing() -> None:
    assert history.progress([{"type": "ExecutionStarted"}]) == history.Progress((), None)


@given(st.floats(0, 4e9))
def test_a_moment_survives_its_text_to_the_millisecond(seconds: float) -> None:
    text = instants.iso(seconds)
    assert text.endswith("Z")
    assert instants.epoch(text) == pytest.approx(seconds, abs=0.00051)
