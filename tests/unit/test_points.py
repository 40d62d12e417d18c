"""MiniStack's points are fewer when equal ones are held once, and say the same."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from ministack.services import cloudwatch

from local.points import BLOCK, Points

POINTS = st.fixed_dictionaries(
    {
        "Timestamp": st.sampled_from([1.0, 2.0]),
        "Value": st.sampled_from([0.0, 1.5, 20.0]),
        "Unit": st.sampled_from(["Count", "None"]),
    },
    optional={"Count": st.integers(1, 5).map(float)},
)


@given(st.lists(POINTS, min_size=1), st.integers(0, 3))
def test_all_statistics_are_those_of_the_points_one_by_one(
    published: list[dict[str, Any]], before: int
) -> None:
    held = Points([dict(point) for point in published[:before]])
    for point in published[before:]:
        held.append(dict(point))
    assert len(held) == len(list(held)) <= 2 * 3 * 2
    plain, merged = cloudwatch._calc_stats(published), cloudwatch._calc_stats(held)
    assert merged == plain
    for percentile in ("p50", "p90", "p99"):
        assert cloudwatch._stat_value(merged, percentile, held) == cloudwatch._stat_value(
            plain, percentile, published
        )


def test_a_set_of_statistics_is_left_as_it_was_published() -> None:
    held = Points()
    for _ in range(2):
        held.append({"Timestamp": 1.0, "Value": 1.0, "Unit": "None", "_stat": {"Sum": 2.0}})
    assert [point["_stat"] for point in held] == [{"Sum": 2.0}] * 2


@given(st.lists(POINTS), st.sampled_from([0.5, 1.5, 2.5]))
def test_old_points_are_forgotten(published: list[dict[str, Any]], moment: float) -> None:
    held = Points(dict(point) for point in published)
    expected = Points(dict(point) for point in published if point["Timestamp"] >= moment)
    assert list(held.since(moment)) == list(expected)
    assert bool(held) == bool(published)


def test_the_first_point_tells_the_dimensions() -> None:
    held = Points([{"Timestamp": 1.0, "Value": 1.0, "Unit": "None", "Dimensions": {"A": "b"}}])
    assert held[0]["Dimensions"] == {"A": "b"}


def test_points_that_are_packed_are_as_they_were() -> None:
    published = [
        {
            "Timestamp": float(second),
            "Value": value + 0.25,
            "Unit": unit,
            "Count": 3.0,
            "Dimensions": {"DemoId": "d"},
        }
        for second in range(100)
        for value in range(25)
        for unit in ("Milliseconds", "None")
    ]
    held = Points(dict(point) for point in published)
    assert len(held) == len(published) > 5 * BLOCK
    assert list(held) == published
    assert list(held.since(50.0)) == published[2_500:]


def test_an_hour_of_a_latency_takes_less_than_a_megabyte() -> None:
    chance = random.Random(3)  # noqa: S311 (no secrets)
    held = Points()
    for second in range(3_600):
        for value in range(25):
            point = {"Timestamp": float(second), "Value": 1.07**value, "Unit": "Milliseconds"}
            held.append({**point, "Count": float(chance.randint(1, 60)), "Dimensions": {}})
    assert len(held) == 90_000
    assert held.held_bytes < 1_000_000
