"""Latencies: percentiles within a bucket's width, sums exact, merging without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.histogram import CELLS, Distribution, Histogram

latencies = st.lists(st.integers(0, 120 * 10**9), min_size=1, max_size=200)


def counted(values: list[int]) -> Distribution:
    cells = [0] * CELLS
    histogram = Histogram(cells)
    for value in values:
        histogram.add(value)
    return Distribution(cells)


@given(latencies, st.sampled_from([50, 90, 99, 100]))
def test_a_percentile_is_right_to_a_buckets_width(values: list[int], percent: int) -> None:
    exact = sorted(values)[-(-len(values) * percent // 100) - 1] / 1e6
    found = counted(values).percentile_ms(percent)
    assert found == pytest.approx(exact, rel=0.06, abs=0.14)


@given(latencies, latencies)
def test_merging_is_counting_all_together(one: list[int], other: list[int]) -> None:
    merged = Distribution.merged([counted(one), counted(other)])
    together = counted(one + other)
    assert merged.buckets() == together.buckets()
    assert merged.max_ms == together.max_ms == max(one + other) / 1e6


@given(latencies, latencies)
def test_what_came_since_is_the_difference(before: list[int], after: list[int]) -> None:
    change = counted(before + after).since(counted(before))
    assert change.buckets() == counted(after).buckets()


@given(st.lists(st.integers(0, 10**11), min_size=1, max_size=50), st.integers(0, 10**11))
def test_many_at_once_are_counted_as_one_by_one(since: list[int], now: int) -> None:
    now += max(since)
    cells = [0] * CELLS
    Histogram(cells).add_all(now, since)
    assert Distribution(cells).buckets() == counted([now - at for at in since]).buckets()
    assert Distribution(cells).max_ms == (now - min(since)) / 1e6


@given(latencies)
def test_what_is_told_of_a_distribution_makes_it_again(values: list[int]) -> None:
    told = counted(values)
    rounded = [(round(middle_ms, 3), count) for middle_ms, count in told.buckets()]
    again = Distribution.of(rounded, round(told.max_ms, 6))
    assert (again.buckets(), again.max_ms) == (told.buckets(), told.max_ms)


def test_nothing_counted_says_nothing() -> None:
    assert Distribution((0,) * CELLS).summary() is None
    assert Distribution.merged([]).percentile_ms(50) is None
