"""A demo second by second: which periods are answered, and what is said of each."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import timeseries
from chalicelib.demo_state import PhaseRun
from chalicelib.errors import InvalidWindow
from chalicelib.plan import Phase
from chalicelib.timeseries import MAX_PERIODS, Asked, Known, Window

START = 1_800_000_000.25
HOUR, DAY = 3600, 86_400


def runs(*phases: tuple[float, float, float]) -> list[PhaseRun]:
    """Phases by target, start and end after START."""
    return [
        PhaseRun(Phase(number, tps, 1, 1), START + begins, START + ends)
        for number, (tps, begins, ends) in enumerate(phases, start=1)
    ]


def window(seconds: float, *, final: bool = False, **asked: int) -> Window:
    """What is answered when the demo is known up to so long after its start."""
    until = START + seconds
    return timeseries.window(
        Asked(**asked), started_at=START, known=Known(until, final), now=until + 12
    )


@given(begin=st.floats(1.7e9, 1.9e9), seconds=st.floats(0, 90_000), age=st.floats(0, 100 * DAY))
def test_one_period_holds_a_whole_demo_and_is_one_that_cloudwatch_has(
    begin: float, seconds: float, age: float
) -> None:
    now = begin + seconds + age
    found = timeseries.spanning(begin, begin + seconds, now)
    assert found.begin <= begin <= begin + seconds < found.end
    assert [*found.starts] == [found.begin]
    assert found.begin % found.period == found.period % 60 == 0
    assert found.period % timeseries.finest_period(now - found.begin) == 0


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"since": "x", "period": "0"}, {"since", "period"}),
        ({"since": "-1"}, {"since"}),
        ({"since": "1.5"}, {"since"}),
        ({"since": "9" * 12}, {"since"}),
        ({"since": ""}, {"since"}),
        ({"period": "7"}, {"period"}),
        ({"period": "90"}, {"period"}),
        ({"period": "86460"}, {"period"}),
        ({"period": "²"}, {"period"}),
    ],
)
def test_what_cannot_be_accepted_is_named(query: dict[str, str], fields: set[str]) -> None:
    with pytest.raises(InvalidWindow) as caught:
        timeseries.read_query(query)
    assert {problem.field for problem in caught.value.problems} == fields
    assert all("give" in problem.advice for problem in caught.value.problems)


def test_what_can_be_accepted_is_read() -> None:
    assert timeseries.read_query({}) == Asked()
    assert timeseries.read_query({"since": "17", "period": "60", "x": "y"}) == Asked(17, 60)


def test_a_running_demo_is_told_by_the_second_from_its_start_in_whole_seconds() -> None:
    assert window(10.5) == Window(1_800_000_000, 1_800_000_010, 1)


def test_who_goes_on_where_the_last_answer_ended_gets_each_period_once() -> None:
    first = window(10.5)
    second = window(15.5, since=first.end)
    assert (second.begin, second.end) == (first.end, 1_800_000_015)
    assert window(15.5, since=second.end).starts == range(second.end, second.end)
    minute = window(130, since=1_800_000_061, period=60)
    assert (minute.begin, minute.end) == (1_800_000_060, 1_800_000_120)


@pytest.mark.parametrize("since", [0, 1_799_999_999])
def test_nothing_is_told_of_the_time_before_the_demo(since: int) -> None:
    assert window(10, since=since) == window(10)


def test_of_the_future_nothing_is_known() -> None:
    assert not window(10, since=99_999_999_999, final=True).starts


@given(st.floats(1, 25 * HOUR), st.floats(0, 400 * DAY), st.booleans())
def test_an_answer_has_only_as_many_periods_as_fit_and_cloudwatch_keeps(
    lasted: float, ago: float, final: bool
) -> None:
    known, now = Known(START + lasted, final), START + lasted + ago
    found = timeseries.window(Asked(), started_at=START, known=known, now=now)
    assert len(found.starts) <= MAX_PERIODS
    assert found.begin % found.period == found.end % found.period == 0
    assert found.begin <= START
    assert abs(found.end - known.until) <= found.period
    assert found.period % timeseries.finest_period(now - START) == 0


def test_a_period_that_is_asked_for_is_kept_to_and_ends_the_answer_when_it_is_full() -> None:
    first = window(5_000, period=1)
    assert (first.period, len(first.starts)) == (1, MAX_PERIODS)
    assert window(5_000, period=1, since=first.end).end == 1_800_005_000
    assert window(5_000).period == 5


@pytest.mark.parametrize(("age", "period", "least"), [(4 * HOUR, 30, 60), (20 * DAY, 60, 300)])
def test_a_period_that_cloudwatch_keeps_no_longer_is_refused(
    age: int, period: int, least: int
) -> None:
    with pytest.raises(InvalidWindow, match=f"period is {period}.*multiple of {least}"):
        window(age, period=period)
    assert window(age, period=least).period == least
    assert window(age, period=period, since=math.ceil(START + age) - 60).period == period


def test_counts_are_complete_an_interval_later_and_at_once_when_no_task_is_left() -> None:
    running = timeseries.known(now=100.0, stopped_at=None, drained=False, interval=10.0)
    assert running == Known(88.0, final=False)
    draining = timeseries.known(now=100.0, stopped_at=99.0, drained=False, interval=10.0)
    assert draining == Known(88.0, final=False)
    over = timeseries.known(now=100.0, stopped_at=99.0, drained=True, interval=10.0)
    assert over == Known(100.0, final=True)
    long_over = timeseries.known(now=9e9, stopped_at=99.0, drained=True, interval=10.0)
    assert long_over.until < 300


@given(
    st.lists(st.tuples(st.floats(0.1, 1e5), st.floats(0.001, 90)), min_size=1, max_size=4),
    st.sampled_from([1, 5, 60]),
)
def test_the_targets_add_up_to_the_plan(plan: list[tuple[float, float]], period: int) -> None:
    begins, phases = 0.0, []
    for tps, seconds in plan:
        phases.append((tps, begins, begins + seconds))
        begins += seconds + 0.7
    whole = window(begins, final=True, period=period)
    found = timeseries.targets(runs(*phases), whole, None)
    due = sum(tps * seconds for tps, seconds in plan)
    told = sum(value or 0 for value in found) * period
    rounding = 0.1 + 0.001 * period * len(found)  # of moments as floats, and of each answer
    assert told == pytest.approx(due, abs=rounding)


def test_where_no_phase_is_under_way_there_is_no_target() -> None:
    pause = runs((100, 1.75, 2.75), (50, 3.75, 9))
    assert timeseries.targets(pause, window(6), None) == [None, None, 100, None, 50, 50]
    stopped = timeseries.targets(pause, window(8), START + 5.25)
    assert stopped == [None, None, 100, None, 50, 25, None, None]


def answer(found: Mapping[str, Mapping[int, float]], shown: Window, **known: bool) -> object:
    return timeseries.assembled(
        "d",
        shown,
        found,
        [],
        known=Known(shown.end, known.get("final", False)),
        stopped_at=START + 3 if known else None,
    )


def test_what_is_not_known_is_null_and_a_zero_is_a_zero() -> None:
    begin = window(3).begin
    found = {
        "delivered": {begin: 0.0, begin + 2: 7.0},
        "latency_p99_ms": {begin + 2: 12.3456},
        "open_shards": {begin + 1: 4.0},
        "tasks_sending": {begin: 2.0},
    }
    told = answer(found, window(3))
    assert isinstance(told, dict)
    series = told.pop("series")
    assert told == {
        "demoId": "d", "period": 1, "begin": begin, "end": begin + 3, "complete": False,
    }  # fmt: skip
    assert series["delivered"] == [0, None, 7]
    assert series["latency_p99_ms"] == [None, None, 12.35]
    assert series["open_shards"] == [None, 4, None]
    assert series["tasks_sending"] == [2, None, None]
    assert series["failed"] == [None] * 3
    assert series.keys() == {"target_tps", *timeseries.SERIES}


def test_of_a_coarser_period_the_tasks_are_the_mean_and_the_records_the_sum() -> None:
    shown = window(120, period=60)
    told = answer({"tasks_sending": {shown.begin: 90.0}, "delivered": {shown.begin: 90.0}}, shown)
    assert isinstance(told, dict)
    assert told["series"]["tasks_sending"][0] == 1.5
    assert told["series"]["delivered"][0] == 90


@pytest.mark.parametrize(
    ("counts", "lasts"),
    [({}, 4), ({1: 5.0}, 4), ({5: 5.0}, 6)],
)
def test_a_demo_that_is_over_ends_with_its_stop_or_the_last_of_its_records(
    counts: dict[int, float], lasts: int
) -> None:
    shown = window(60, final=True)
    told = answer(
        {"delivered": {shown.begin + at: n for at, n in counts.items()}}, shown, final=True
    )
    assert isinstance(told, dict)
    assert (told["end"], told["complete"]) == (shown.begin + lasts, True)
    assert len(told["series"]["delivered"]) == lasts


def test_while_tasks_drain_the_demo_is_not_complete() -> None:
    told = answer({}, window(60), final=False)
    assert isinstance(told, dict)
    assert (told["end"], told["complete"]) == (window(60).end, False)
