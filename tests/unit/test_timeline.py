"""Time to target and achieved rate, from arrivals that come in batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.timeline import achievement


def steady(rate: int, start_ms: int, end_ms: int, every_ms: int = 50) -> dict[int, int]:
    per_batch = rate * every_ms // 1000
    return dict.fromkeys(range(start_ms, end_ms, every_ms), per_batch)


@given(st.integers(1, 50), st.integers(0, 8_000), st.sampled_from([20, 50, 100]))
def test_a_steady_rate_is_found_exactly_from_when_it_began(
    rate: int, begins_ms: int, every_ms: int
) -> None:
    rate *= 100
    arrivals = steady(rate, begins_ms, 10_000, every_ms)
    found = achievement(arrivals, rate, 0, 10_000)
    assert found.achieved_tps == pytest.approx(rate)
    assert found.seconds_to_target == pytest.approx(begins_ms / 1000)


def test_a_slow_start_does_not_count_as_reached() -> None:
    arrivals = steady(500, 0, 3_000) | steady(1000, 3_000, 10_000)
    found = achievement(arrivals, 1000, 0, 10_000)
    assert found.seconds_to_target == pytest.approx(3.0, abs=0.05)
    assert found.achieved_tps == pytest.approx(1000, rel=0.001)


def test_a_phase_that_falls_short_is_judged_by_its_whole_time() -> None:
    found = achievement(steady(900, 0, 10_000), 1000, 0, 10_000)
    assert found.seconds_to_target is None
    assert found.achieved_tps == pytest.approx(900)


def test_a_rate_that_breaks_down_later_is_not_hidden() -> None:
    arrivals = steady(1000, 0, 5_000) | steady(500, 5_000, 10_000)
    found = achievement(arrivals, 1000, 0, 10_000)
    assert found.seconds_to_target == 0
    assert found.achieved_tps == pytest.approx(750, rel=0.01)


def test_no_arrivals_are_no_achievement() -> None:
    found = achievement({}, 100, 0, 10_000)
    assert (found.achieved_tps, found.seconds_to_target) == (0, None)
