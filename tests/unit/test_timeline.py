"""Time to target and achieved rate, from arrivals that come in batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.timeline import achievement


def steady(rate: int, start_ms: int, end_ms: int, every_ms: int = 50) -> dict[int, int]:
    """A producer's batches: each brings what came up since the one before."""
    return {
        ms: rate * ms // 1000 - rate * (ms - every_ms) // 1000
        for ms in range(start_ms, end_ms + every_ms, every_ms)
    }


@given(st.integers(1, 50), st.integers(0, 8_000), st.sampled_from([20, 50, 100]))
def test_a_steady_rate_is_found_from_when_it_began(
    rate: int, begins_ms: int, every_ms: int
) -> None:
    rate *= 100
    found = achievement([steady(rate, begins_ms, 10_000, every_ms)], rate, 0, 10_000)
    seconds = 10 - begins_ms / 1000
    assert found.achieved_tps == pytest.approx(rate, rel=0.012 / seconds)
    assert found.seconds_to_target == pytest.approx(begins_ms / 1000, abs=0.11)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8), st.integers(0, 49))
def test_batches_that_wait_at_either_end_neither_add_nor_take_away(
    offsets: list[int], end: int
) -> None:
    producers = [steady(500, offset, 10_000) for offset in offsets]
    target = 500 * len(offsets)
    found = achievement(producers, target, 0, 9_900 + end)
    assert found.achieved_tps == pytest.approx(target, rel=0.002)


def test_the_first_batch_of_a_late_starter_does_not_count_for_more_than_its_time() -> None:
    early, late = steady(500, 0, 10_000), steady(500, 60, 10_000)
    late[60] = 25
    found = achievement([early, late], 1000, 0, 10_000)
    assert found.achieved_tps == pytest.approx(1000, rel=0.002)


def test_a_slow_start_does_not_count_as_reached() -> None:
    arrivals = steady(500, 0, 2_950) | steady(1000, 3_000, 10_000)
    found = achievement([arrivals], 1000, 0, 10_000)
    assert found.seconds_to_target == pytest.approx(3.0, abs=0.1)
    assert found.achieved_tps == pytest.approx(1000, rel=0.012 / 7)


def test_a_phase_that_falls_short_is_judged_by_its_whole_time() -> None:
    found = achievement([steady(900, 0, 10_000)], 1000, 0, 10_000)
    assert found.seconds_to_target is None
    assert found.achieved_tps == pytest.approx(900, rel=0.001)


def test_a_rate_that_breaks_down_later_is_not_hidden() -> None:
    arrivals = steady(1000, 0, 5_000) | steady(500, 5_050, 10_000)
    found = achievement([arrivals], 1000, 0, 10_000)
    assert found.seconds_to_target == 0
    assert found.achieved_tps == pytest.approx(750, rel=0.01)


def test_a_producer_that_takes_over_from_another_counts_no_second_twice() -> None:
    killed, successor = steady(1000, 0, 5_000), steady(1000, 5_050, 10_000)
    found = achievement([killed, successor], 1000, 0, 10_000)
    assert found.achieved_tps == pytest.approx(1000, rel=0.01)


def test_what_arrives_in_the_drain_after_the_end_does_not_count() -> None:
    found = achievement([steady(100, 0, 10_000) | {10_500: 5_000}], 100, 0, 10_000)
    assert found.achieved_tps == pytest.approx(100, rel=0.01)


def test_no_arrivals_are_no_achievement() -> None:
    found = achievement([], 100, 0, 10_000)
    assert (found.achieved_tps, found.seconds_to_target) == (0, None)
