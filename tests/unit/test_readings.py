"""A demo's numbers as thresholds ask for them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import facts, readings, thresholds, timeseries
from chalicelib.contract import WorkerMetric
from chalicelib.demo_state import PhaseRun
from chalicelib.facts import Facts, PhaseFacts
from chalicelib.plan import Phase
from chalicelib.report import Measured, Series
from chalicelib.timeseries import STRAGGLERS_SECONDS

BEGAN = 1_800_000_000
ENDED = BEGAN + 10
INTERVAL = 10.0
SETTLED = INTERVAL + timeseries.SETTLED_SECONDS
FIRST = PhaseFacts(
    number=1,
    target_tps=100,
    started_at=BEGAN,
    generated=1_000,
    delivered=990,
    failed=10,
    throttled=110,
    achieved_tps=99,
    seconds_to_target=2,
    complete=True,
)
SECOND = replace(FIRST, number=2, target_tps=400, achieved_tps=380, seconds_to_target=7)
WHOLE = Facts(
    (FIRST, SECOND),
    over=True,
    latencies={(None, 99): 80.0, (2, 50): 12.5},
    cost=0.25,
)
COUNTS = st.integers(0, 10_000).map(float)


def told(text: str, known: Facts = WHOLE) -> tuple[float | None, bool | None]:
    (verdict,) = readings.evaluate([thresholds.parse(text)], known)
    return verdict.value, verdict.ok


@pytest.mark.parametrize(
    ("text", "value", "ok"),
    [
        ("achieved_tps>=99", 99, True),
        ("achieved_tps>=95%", 95, True),
        ("achieved_tps>95%", 95, False),
        ("phase 1: achieved_tps>=99%", 99, True),
        ("phase 2: achieved_tps>=381", 380, False),
        ("lost==0", 20, False),
        ("phase 1: lost<=10", 10, True),
        ("lost<=1%", 1, True),
        ("failed<20", 20, False),
        ("failed<=1%", 1, True),
        ("throttled==220", 220, True),
        ("phase 1: throttled<10%", 10, False),
        ("seconds_to_target<7", 7, False),
        ("phase 1: seconds_to_target<7", 2, True),
        ("p99_latency_ms<=80", 80, True),
        ("phase 2: p50_latency_ms<12.5", 12.5, False),
        ("p50_latency_ms<1", None, None),
        ("cost<=0.25", 0.25, True),
        ("phase 3: lost==0", None, None),
    ],
)
def test_each_metric_is_told_in_its_own_unit_of_a_phase_and_of_the_whole(
    text: str, value: float | None, ok: bool | None
) -> None:
    assert told(text) == (value, ok)


def test_a_phase_that_stood_still_shows_in_the_whole_however_much_the_others_did() -> None:
    still = replace(FIRST, generated=0, delivered=0, achieved_tps=0, seconds_to_target=math.inf)
    demo = replace(WHOLE, phases=(still, SECOND))
    assert told("achieved_tps>=90%", demo) == (0, False)
    assert told("seconds_to_target<999999999", demo) == (math.inf, False)


@pytest.mark.parametrize("metric", ["lost", "failed", "throttled"])
@pytest.mark.parametrize("limit", ["==0", "<=100%"])
def test_of_what_was_never_counted_nothing_is_told(metric: str, limit: str) -> None:
    nothing = replace(FIRST, generated=0, delivered=0, failed=0, throttled=0)
    assert told(f"{metric}{limit}", replace(WHOLE, phases=(nothing,))) == (None, None)


def test_a_percentage_of_nothing_is_none() -> None:
    no_target = replace(FIRST, target_tps=0)
    assert told("achieved_tps>=0%", replace(WHOLE, phases=(no_target,))) == (None, None)
    refused = replace(FIRST, delivered=0, throttled=0)
    assert told("throttled==0%", replace(WHOLE, phases=(refused,))) == (None, None)


def running(**changes: Any) -> Facts:
    """A demo in its second phase."""
    return replace(
        WHOLE, over=False, phases=(FIRST, replace(SECOND, complete=False, **changes)), latencies={}
    )


@pytest.mark.parametrize(
    "text",
    [
        "achieved_tps>=90%",
        "phase 2: achieved_tps>=99%",
        "phase 2: seconds_to_target<1",
        "lost==0",
        "lost<1%",
        "phase 2: failed==11",
        "throttled<1%",
        "throttled==221",
        "p99_latency_ms<1",
        "cost<0.26",
    ],
)
def test_in_a_running_demo_nothing_is_said_that_may_still_change(text: str) -> None:
    assert told(text, running()) == (None, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("achieved_tps>=99.5%", 99),
        ("seconds_to_target<2", 2),
        ("throttled<220", 220),
        ("phase 2: throttled==0", 110),
        ("failed==0", 20),
        ("cost<0.25", 0.25),
    ],
)
def test_a_running_demo_tells_what_is_crossed_for_good(text: str, value: float) -> None:
    assert told(text, running()) == (value, False)


@given(st.lists(COUNTS, min_size=4, max_size=4), st.lists(COUNTS, min_size=4, max_size=4))
def test_an_early_crossing_is_one_at_the_end_whatever_is_counted_after_it(
    now: list[float], more: list[float]
) -> None:
    names = ("generated", "delivered", "failed", "throttled")
    later: dict[str, Any] = dict(zip(names, map(sum, zip(now, more, strict=True)), strict=True))
    early = running(**dict(zip(names, now, strict=True)))
    last = replace(early.phases[1], **later, complete=True)
    end = replace(early, phases=(FIRST, last), over=True)
    for text in ("failed<50", "phase 2: failed==0", "throttled<=200", "lost==0", "throttled<5%"):
        assert told(text, early)[1] in (None, told(text, end)[1])


# What is complete, and when.


def run(number: int = 1) -> PhaseRun:
    return PhaseRun(Phase(number, 100, 1, 10), BEGAN, ENDED)


def measured(now: float, stopped_at: float | None = None, **counts: float) -> Measured:
    """Counts by the names of WorkerMetric, all in the first second."""
    known = {WorkerMetric[name]: count for name, count in counts.items()}
    series = {(1, metric): Series(1, {BEGAN: count}) for metric, count in known.items()}
    return Measured(series, now, stopped_at, INTERVAL)


BALANCED = {"GENERATED": 10.0, "DELIVERED": 9.0, "FAILED": 1.0}
PENDING = {"GENERATED": 10.0, "DELIVERED": 9.0}


@pytest.mark.parametrize(
    ("counts", "after", "complete"),
    [
        (BALANCED, SETTLED, True),
        (BALANCED, SETTLED - 0.5, False),
        (PENDING, SETTLED, False),
        (PENDING, STRAGGLERS_SECONDS - 0.5, False),
        (PENDING, STRAGGLERS_SECONDS, True),
        ({}, SETTLED, False),
        ({}, STRAGGLERS_SECONDS, True),
    ],
)
def test_a_phase_is_complete_when_its_records_are_accounted_for_or_nobody_can_be_left(
    counts: dict[str, float], after: float, complete: bool
) -> None:
    (phase,) = facts.phases_of([run()], measured(ENDED + after, **counts), tasks_gone=False)
    assert phase.complete is complete


@pytest.mark.parametrize(("counts", "complete"), [(BALANCED, True), (PENDING, False), ({}, False)])
def test_without_a_task_left_a_stopped_demo_is_complete_when_it_is_balanced(
    counts: dict[str, float], complete: bool
) -> None:
    at = measured(BEGAN + 6, BEGAN + 5, **counts)
    assert facts.may_drain(at)
    (phase,) = facts.phases_of([run()], at, tasks_gone=True)
    assert phase.complete is complete


def test_long_after_its_stop_a_demo_is_complete_whatever_is_missing() -> None:
    at = measured(BEGAN + 5 + STRAGGLERS_SECONDS, BEGAN + 5, **PENDING)
    assert not facts.may_drain(at)
    (phase,) = facts.phases_of([run()], at, tasks_gone=False)
    assert phase.complete
    assert facts.last_count(at) == at.now


def test_a_phase_that_has_not_begun_is_no_fact() -> None:
    at = measured(ENDED, **BALANCED)
    assert facts.phases_of([PhaseRun(run().phase)], at, tasks_gone=False) == ()


def test_a_pace_is_known_only_if_anything_was_counted_at_all() -> None:
    (nothing,) = facts.phases_of([run()], measured(ENDED + 200), tasks_gone=False)
    assert (nothing.achieved_tps, nothing.seconds_to_target) == (None, None)
    at = measured(ENDED + 200, **BALANCED)
    still, moved = facts.phases_of([run(2), run()], at, tasks_gone=False)
    assert (still.achieved_tps, still.seconds_to_target) == (0, math.inf)
    assert (moved.achieved_tps, moved.seconds_to_target) == (0.9, math.inf)
