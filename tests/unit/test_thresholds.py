"""Thresholds: how they are read, and when one may be judged."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import plan, thresholds
from chalicelib.thresholds import (
    MAX_LENGTH,
    OF_WHAT,
    UNKNOWN,
    BadThreshold,
    Metric,
    Reading,
    Threshold,
    Trend,
    judge,
    parse,
)

OPERATORS = ("<", "<=", ">", ">=", "==")
MICROS = 1_000_000


@st.composite
def wanted(draw: st.DrawFn) -> Threshold:
    metric = draw(st.sampled_from(Metric))
    limit = draw(st.integers(0, 999_999_999 * MICROS)) / MICROS
    percent = metric in OF_WHAT and draw(st.booleans())
    phase = None if metric is Metric.COST else draw(st.sampled_from((None, 1, 2, 3, 4)))
    return Threshold(phase, metric, draw(st.sampled_from(OPERATORS)), limit, percent)


VALUES = st.one_of(st.floats(0, 2e9), st.integers(0, 9).map(float), st.just(math.inf))
LIMITS = st.one_of(st.floats(0, 2e9), st.integers(0, 9).map(float))


def compared(operator: str, limit: float) -> Threshold:
    return Threshold(None, Metric.FAILED, operator, limit)


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("achieved_tps>=99%", Threshold(None, Metric.ACHIEVED_TPS, ">=", 99, percent=True)),
        ("lost==0", Threshold(None, Metric.LOST, "==", 0)),
        ("phase 2: p99_latency_ms<500", Threshold(2, Metric.P99, "<", 500)),
        (" phase4:seconds_to_target <= 2.50 ", Threshold(4, Metric.SECONDS_TO_TARGET, "<=", 2.5)),
        ("cost<0.000001", Threshold(None, Metric.COST, "<", 0.000001)),
        ("throttled > 0.5%", Threshold(None, Metric.THROTTLED, ">", 0.5, percent=True)),
    ],
)
def test_a_threshold_is_a_metric_a_comparison_and_a_number_perhaps_of_a_phase(
    text: str, threshold: Threshold
) -> None:
    assert parse(text) == threshold


@pytest.mark.parametrize(
    ("text", "problem", "advice"),
    [
        (5, "is 5, not a text", "achieved_tps>=99%"),
        (None, "is null, not a text", "lost==0"),
        ("x" * (MAX_LENGTH + 1), f"has {MAX_LENGTH + 1} characters", f"at most {MAX_LENGTH}"),
        ("", "is '', no metric", "lost==0"),
        ("lost", "is 'lost', no metric", "lost==0"),
        ("lost==", "is 'lost==', no metric", "lost==0"),
        ("latency<5", "measures 'latency', which is unknown", "p99_latency_ms"),
        ("lost=0", "compares by =", "< <= > >= =="),
        ("lost=>0", "compares by =>", "< <= > >= =="),
        ("phase 5: lost==0", "is about phase 5", "1, 2, 3 or 4"),
        ("phase two: lost==0", "is about phase two", "1, 2, 3 or 4"),
        ("phase 1: cost<1", "asks for the cost of a phase", "leave the phase out"),
        ("lost==-1", "compares with '-1'", "number in records"),
        ("lost==1e3", "compares with '1e3'", "up to 9 digits"),
        ("lost==nan", "compares with 'nan'", "number in records"),
        ("lost==١", "compares with '١'", "number in records"),
        ("lost==1000000000", "compares with '1000000000'", "up to 9 digits"),
        ("p99_latency_ms<5%", "compares p99_latency_ms with a percentage", "in ms"),
        ("cost<5%", "compares cost with a percentage", "in USD"),
    ],
)
def test_what_is_none_is_refused_with_what_is_wrong_and_what_to_try(
    text: object, problem: str, advice: str
) -> None:
    with pytest.raises(BadThreshold) as refused:
        parse(text)
    assert problem in refused.value.problem
    assert advice in refused.value.advice


def test_an_unknown_metric_is_answered_with_all_that_there_are() -> None:
    with pytest.raises(BadThreshold) as refused:
        parse("speed>1")
    assert all(metric in refused.value.advice for metric in Metric)


def test_the_phases_are_those_of_a_plan() -> None:
    for phase in range(1, plan.PHASES + 1):
        assert parse(f"phase {phase}: lost==0").phase == phase
    with pytest.raises(BadThreshold):
        parse(f"phase {plan.PHASES + 1}: lost==0")


@given(wanted())
def test_a_threshold_reads_as_it_is_written(threshold: Threshold) -> None:
    assert parse(str(threshold)) == threshold
    assert len(str(threshold)) <= MAX_LENGTH


@given(wanted())
def test_the_documented_patterns_take_every_threshold(threshold: Threshold) -> None:
    assert sum(bool(re.match(p, str(threshold))) for p in thresholds.patterns()) == 1


@given(st.one_of(*(st.from_regex(p, fullmatch=True) for p in thresholds.patterns())))
def test_whatever_the_documented_patterns_take_is_a_threshold(text: str) -> None:
    assert re.match("|".join(thresholds.patterns()), str(parse(text)))


@given(st.text(max_size=30))
def test_any_other_text_is_refused_and_nothing_worse(text: str) -> None:
    try:
        threshold = parse(text)
    except BadThreshold:
        return
    assert parse(str(threshold)) == threshold


@pytest.mark.parametrize(
    ("operator", "below", "at", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
        ("==", False, True, False),
    ],
)
def test_at_the_limit_itself_the_comparison_decides(
    operator: str, below: bool, at: bool, above: bool
) -> None:
    threshold = compared(operator, 99.5)
    values = (math.nextafter(99.5, 0), 99.5, math.nextafter(99.5, 100))
    assert [judge(threshold, Reading(value)).ok for value in values] == [below, at, above]


@given(wanted(), st.sampled_from(Trend))
def test_what_is_not_known_is_not_judged(threshold: Threshold, trend: Trend) -> None:
    for reading in (UNKNOWN, Reading(math.nan, trend)):
        verdict = judge(threshold, reading)
        assert (verdict.value, verdict.ok) == (None, None)


@given(wanted(), VALUES, st.sampled_from(Trend))
def test_there_is_a_verdict_just_where_there_is_a_value(
    threshold: Threshold, value: float, trend: Trend
) -> None:
    verdict = judge(threshold, Reading(value, trend))
    assert (verdict.ok is None) == (verdict.value is None)
    assert verdict.value in (None, value)


@given(wanted(), VALUES)
def test_at_the_end_there_is_always_a_verdict(threshold: Threshold, value: float) -> None:
    assert judge(threshold, Reading(value)).ok is not None


@given(st.sampled_from(OPERATORS), LIMITS, VALUES, VALUES)
def test_an_early_verdict_is_the_one_at_the_end(
    operator: str, limit: float, one: float, other: float
) -> None:
    threshold = compared(operator, limit)
    for now, end, trend in (
        (min(one, other), max(one, other), Trend.GROWS),
        (max(one, other), min(one, other), Trend.FALLS),
    ):
        early = judge(threshold, Reading(now, trend)).ok
        assert early in (None, judge(threshold, Reading(end)).ok)


@given(st.sampled_from(OPERATORS), LIMITS)
def test_what_may_go_either_way_is_never_judged_early(operator: str, value: float) -> None:
    assert judge(compared(operator, value), Reading(value, Trend.EITHER)).ok is None


def test_a_count_that_only_grows_crosses_for_good_and_passes_only_at_the_end() -> None:
    assert judge(compared("<", 10), Reading(9, Trend.GROWS)).ok is None
    assert judge(compared("<", 10), Reading(10, Trend.GROWS)).ok is False
    assert judge(compared("==", 0), Reading(0, Trend.GROWS)).ok is None
    assert judge(compared("==", 0), Reading(1, Trend.GROWS)).ok is False
    assert judge(compared(">", 10), Reading(11, Trend.GROWS)).ok is True
    assert judge(compared(">=", 99), Reading(98, Trend.FALLS)).ok is False
