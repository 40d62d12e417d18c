"""MiniStack answers from points that are held packed as it does from its own lists of all."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.services import cloudwatch

from local import points
from local.points import MINUTE, MINUTES_KEPT, SECONDS_KEPT, Points, Span, span_of

NOW = 1_800_000_000.0
METRIC = ("N", "M")
POINTS = st.fixed_dictionaries(
    {
        "Timestamp": st.integers(0, 400).map(lambda second: NOW + second),
        "Value": st.sampled_from([0.0, 1.5, 20.0]),
        "Unit": st.just("Milliseconds"),
        "Dimensions": st.just({"DemoId": "d"}),
    },
    optional={"Count": st.integers(1, 5).map(float)},
)
STATISTICS = ["Sum", "SampleCount", "Minimum", "Maximum", "Average", "p50", "p99"]


@pytest.fixture(scope="module", autouse=True)
def packed() -> Iterator[None]:
    """MiniStack as the server changes it, and as it was afterwards."""
    names = "_metric_bucket", "_get_metric_data", "_get_metric_statistics", "_parse_ts"
    before = {name: getattr(cloudwatch, name) for name in names}
    points.hold_packed_points()
    yield
    for name, function in before.items():
        setattr(cloudwatch, name, function)


def asked_of(name: str, period: int) -> dict[str, Any]:
    metric = {"Namespace": METRIC[0], "MetricName": name, "Dimensions": []}
    return {"MetricStat": {"Metric": metric, "Period": period}}


def answers(held: Any, begin: float, end: float, period: int) -> list[dict[str, Any]]:
    """What GetMetricData says of these points, by each of STATISTICS."""
    queries = [
        {"Id": f"q{n}", "MetricStat": {**asked_of("M", period)["MetricStat"], "Stat": stat}}
        for n, stat in enumerate(STATISTICS)
    ]
    asked = {"MetricDataQueries": queries, "StartTime": begin, "EndTime": end}
    cloudwatch._metrics["N", "M", ""] = held
    try:
        _, _, body = cloudwatch._get_metric_data({}, asked, is_cbor=False, is_json=True)
    finally:
        del cloudwatch._metrics["N", "M", ""]
    return list(cloudwatch.json.loads(body)["MetricDataResults"])


@given(st.lists(POINTS, min_size=1), st.integers(0, 6), st.integers(1, 6), st.sampled_from([1, 60]))
def test_all_statistics_are_those_of_the_points_one_by_one(
    published: list[dict[str, Any]], first: int, last: int, period: int
) -> None:
    begin, end = NOW + first * MINUTE, NOW + last * MINUTE
    assert answers(Points(METRIC, published), begin, end, period) == answers(
        published, begin, end, period
    )


def test_minutes_begin_with_a_whole_one_as_on_aws() -> None:
    published = [
        {"Timestamp": NOW + second, "Value": 1.0, "Unit": "Count"} for second in range(3 * MINUTE)
    ]
    found = answers(Points(METRIC, published), NOW + 90, NOW + 170, MINUTE)
    assert found[0]["Values"] == [60.0, 60.0]
    assert found[0]["Timestamps"] == [NOW + 60, NOW + 120]


def test_what_is_asked_for_by_whole_minutes_is_looked_at_by_the_minute() -> None:
    def span(begin: int, *queries: dict[str, Any]) -> Span:
        return span_of({"StartTime": begin, "EndTime": 200, "MetricDataQueries": queries})

    minutes = span(90, asked_of("M", 120))
    assert (minutes.begin, minutes.end, minutes.by_minute(METRIC)) == (60, 200, True)
    both = span(60, asked_of("M", 120), asked_of("other", 1))
    assert (both.begin, both.by_minute(METRIC), both.by_minute(("N", "other"))) == (60, True, False)
    within = span(90, asked_of("M", 120), asked_of("other", 1))
    assert (within.begin, within.by_minute(METRIC)) == (90, False)
    expression = span(60, {"Id": "e", "Expression": "q0 / 2"})
    assert expression.by_minute(METRIC)


@pytest.mark.parametrize(("period", "by_minute"), [(60, True), (30, False), (None, True)])
def test_statistics_have_one_metric_and_period(period: int | None, by_minute: bool) -> None:
    asked = {"Namespace": "N", "MetricName": "M", **({"Period": period} if period else {})}
    assert span_of(asked).by_minute(METRIC) == by_minute
    assert (span_of(asked).begin, span_of(asked).end) == (Span().begin, Span().end)


def test_a_set_of_statistics_is_left_as_it_was_published() -> None:
    held = Points(METRIC)
    for _ in range(2):
        held.append({"Timestamp": 1.0, "Value": 1.0, "Unit": "None", "_stat": {"Sum": 2.0}})
    assert [point["_stat"] for point in held] == [{"Sum": 2.0}] * 2


def test_seconds_are_kept_for_three_hours_and_minutes_for_fifteen_days() -> None:
    point = {"Timestamp": NOW, "Value": 1.0, "Unit": "None", "Dimensions": {"A": "b"}}
    held = Points(METRIC, [point])
    held.forget(NOW + SECONDS_KEPT + 1)
    assert not list(held)
    assert held[0]["Dimensions"] == {"A": "b"}
    assert answers(held, NOW, NOW + 60, MINUTE)[0]["Values"] == [1.0]
    held.forget(NOW + MINUTES_KEPT + MINUTE)
    assert not held


def test_what_is_published_is_held_packed_and_forgotten() -> None:
    datum = {"MetricName": "M", "Value": 2.0, "Timestamp": NOW}
    cloudwatch._put_metric_data({}, {"Namespace": "N", "MetricData": [datum]}, False, is_json=True)
    assert isinstance(cloudwatch._metrics["N", "M", ""], Points)
    points.forget_old_points(NOW + MINUTES_KEPT + MINUTE)
    assert ("N", "M", "") not in cloudwatch._metrics


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T08:00:00.250Z", NOW + 0.25),
        ("2027-01-15T09:00:00+01:00", NOW),
        ("1800000000", NOW),
        ("no time, Z", None),
        (None, None),
    ],
)
def test_times_are_read_as_ministack_reads_them(text: str | None, seconds: float | None) -> None:
    assert cloudwatch._parse_ts(text) == seconds
