"""How even an arrival log is, to the record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.arrivals import NS, Log, evenness

MS = NS // 1000


def steady(rate: int, every_ms: int, seconds: int) -> Log:
    """Requests at fixed intervals, each holding what came due since the one before."""
    times = [number * every_ms * MS for number in range(1, seconds * 1000 // every_ms + 1)]
    return Log(times, [rate * every_ms // 1000] * len(times))


def test_a_steady_pace_in_batches_is_even_once_it_is_spread() -> None:
    found = evenness(steady(1_000, 50, 10), 1_000, NS, (NS, 10 * NS), tolerance=10)
    assert found.worst == pytest.approx(0, abs=1e-6)
    assert found.within == 1
    assert found.expected == 1_000


def test_as_they_come_batches_show_as_one_more_or_less() -> None:
    found = evenness(steady(1_000, 300, 12), 1_000, NS, (NS, 10 * NS), tolerance=10)
    assert found.worst_as_come == 200
    assert found.worst == pytest.approx(0, abs=1e-6)


def test_a_pause_that_is_caught_up_shows_in_its_window_only() -> None:
    times = [n * 10 * MS for n in range(1, 1001) if not 500 <= n < 530]
    records = [10 if time != 530 * 10 * MS else 310 for time in times]
    found = evenness(Log(times, records), 1_000, NS // 10, (NS, 9 * NS), tolerance=5)
    assert found.worst_as_come == 300
    assert 0.9 < found.within <= 1


def test_a_pace_that_is_too_slow_is_off_everywhere() -> None:
    found = evenness(steady(900, 10, 10), 1_000, NS, (NS, 10 * NS), tolerance=10)
    assert found.within == 0
    assert found.worst_share == pytest.approx(0.1)


def test_a_stretch_too_short_for_a_window_is_said_to_be() -> None:
    with pytest.raises(ValueError, match="no window of 1 s"):
        evenness(steady(1_000, 10, 1), 1_000, NS, (0, NS // 2), tolerance=10)


@given(
    gaps=st.lists(st.integers(1, 10**6), min_size=1, max_size=50),
    numbers=st.data(),
)
def test_stretches_side_by_side_add_up_to_everything(
    gaps: list[int], numbers: st.DataObject
) -> None:
    times = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    records = numbers.draw(st.lists(st.integers(0, 500), min_size=len(gaps), max_size=len(gaps)))
    log = Log(times, records)
    middle = numbers.draw(st.integers(0, times[-1]))
    both = log.between(-1, middle) + log.between(middle, times[-1])
    assert both == pytest.approx(sum(records))
    assert log.come_by(middle) <= log.spread_by(middle) + 1e-6 or middle < times[0]
