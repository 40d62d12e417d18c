"""Requests in flight follow the service's own latency, not the queue before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.concurrency import FEWEST, MOST, WINDOW_NS, Concurrency
from worker.pacer import NS


def after(pace: float, *latencies_ms: float) -> int:
    concurrency = Concurrency(pace)
    for number, ms in enumerate(latencies_ms):
        concurrency.answered(int(ms * 1e6), number * NS)
    return concurrency.limit


@pytest.mark.parametrize("latency_ms", [3, 30, 300])
@pytest.mark.parametrize("pace", [100, 1_000, 50_000])
def test_the_pace_can_be_held_at_any_usual_latency(pace: int, latency_ms: int) -> None:
    per_second = after(pace, latency_ms) * 500 / (latency_ms / 1000)
    assert per_second >= pace


def test_a_queue_before_the_service_does_not_make_it_longer() -> None:
    assert after(1_000, 5, 500, 900, 2_000, 4_000) == after(1_000, 5)


def test_a_service_that_became_slower_for_good_is_given_more() -> None:
    concurrency = Concurrency(50_000)
    concurrency.answered(5_000_000, 0)
    for second in range(0, 62, 2):
        concurrency.answered(300_000_000, WINDOW_NS // 60 * second)
    concurrency.answered(300_000_000, WINDOW_NS + 6 * NS)
    assert concurrency.limit * 500 / 0.3 >= 50_000


def test_when_most_is_refused_there_is_room_for_the_retries() -> None:
    concurrency = Concurrency(1_000)
    for n in range(200):
        concurrency.answered(200_000_000, n * NS // 10, refused_share=0.9)
    assert concurrency.limit * 500 / 0.2 >= 1_000 / (1 - 0.9)
    for n in range(200, 400):
        concurrency.answered(200_000_000, n * NS // 10, refused_share=0.0)
    assert concurrency.limit == after(1_000, 200)


@given(
    st.floats(0, 1e6),
    st.lists(st.tuples(st.integers(0, 10**11), st.integers(0, 10**10)), max_size=50),
)
def test_it_is_bounded_whatever_happens(pace: float, answers: list[tuple[int, int]]) -> None:
    concurrency = Concurrency(pace)
    now = 0
    for latency, pause in answers:
        now += pause
        concurrency.answered(latency, now)
        assert FEWEST <= concurrency.limit <= MOST
