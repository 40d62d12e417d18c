"""Refused records come back once each, after a bounded wait, or are given up with a count."""

from hypothesis import given
from hypothesis import strategies as st

from worker.ledger import Cause
from worker.record import Record
from worker.retrier import Retrier, RetryPolicy

POLICY = RetryPolicy(ttl_ns=1000, base_ns=10, cap_ns=80, max_records=50)
retryable = st.sampled_from([Cause.THROTTLED, Cause.INTERNAL_FAILURE, Cause.UNREACHABLE])


def records(number: int, due_ns: int = 0, attempt: int = 0) -> list[Record]:
    return [Record(f"{due_ns}-{n}".encode(), "k", due_ns, attempt) for n in range(number)]


@given(
    st.lists(st.tuples(st.integers(0, 30), retryable, st.integers(0, 500)), max_size=20),
    st.floats(0, 1, exclude_max=True),
)
def test_what_is_refused_is_either_waiting_or_given_up(
    refusals: list[tuple[int, Cause, int]], luck: float
) -> None:
    retrier = Retrier(POLICY, lambda: luck)
    now = came = given_up = went = 0
    for number, cause, pause in refusals:
        now += pause
        went += len(retrier.ready(now))
        came += number
        given_up += retrier.refuse(records(number, due_ns=now), cause, now)
        assert len(retrier) == came - given_up - went
        assert len(retrier) <= POLICY.max_records
    assert len(retrier.ready(now + POLICY.cap_ns)) == came - given_up - went
    assert len(retrier) == 0


@given(st.integers(0, 100), st.floats(0, 1, exclude_max=True))
def test_the_wait_is_exponential_capped_and_jittered(attempt: int, luck: float) -> None:
    retrier = Retrier(RetryPolicy(ttl_ns=10**12, base_ns=10, cap_ns=80), lambda: luck)
    retrier.refuse(records(1, attempt=attempt), Cause.THROTTLED, now_ns=5)
    longest = min(80, 10 * 2**attempt)
    assert retrier.next_ready_ns == 5 + int(luck * longest)


def test_the_waits_by_default_double_from_a_tenth_of_a_second_to_five() -> None:
    waits = [RetryPolicy().longest_wait(attempt) for attempt in range(1, 10)]
    assert [wait / 1e9 for wait in waits] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5]
    assert RetryPolicy().ttl_ns == 30 * 10**9


def test_who_waits_less_goes_first_whenever_it_came() -> None:
    luck = iter([0.9, 0.2, 0.5])
    retrier = Retrier(POLICY, lambda: next(luck))
    for key in (9, 2, 5):
        retrier.refuse(records(1, due_ns=key), Cause.THROTTLED, now_ns=10)
    went = []
    for moment in (12, 15, 19):
        assert retrier.next_ready_ns == moment
        assert retrier.ready(moment - 1) == []
        went += [record.due_ns for record in retrier.ready(moment)]
    assert went == [2, 5, 9]
    assert retrier.next_ready_ns is None


@given(retryable)
def test_what_may_pass_is_tried_again(cause: Cause) -> None:
    assert Retrier(POLICY, lambda: 0.0).refuse(records(3), cause, now_ns=0) == 0


def test_a_record_past_its_time_to_live_is_given_up() -> None:
    retrier = Retrier(POLICY, lambda: 0.0)
    given_up = [
        retrier.refuse(records(3, due_ns=500), Cause.THROTTLED, now_ns=now)
        for now in (1499, 1500, 9000)
    ]
    assert given_up == [0, 3, 3]


def test_what_kinesis_rejects_is_not_tried_again() -> None:
    retrier = Retrier(POLICY, lambda: 0.0)
    assert retrier.refuse(records(4), Cause.REJECTED, now_ns=0) == 4
    assert retrier.next_ready_ns is None


def test_a_full_buffer_gives_up_what_it_cannot_hold() -> None:
    retrier = Retrier(POLICY, lambda: 0.5)
    assert retrier.refuse(records(35), Cause.THROTTLED, now_ns=0) == 0
    assert retrier.refuse(records(30), Cause.THROTTLED, now_ns=0) == 15


def test_every_try_is_counted_on_the_record() -> None:
    retrier = Retrier(POLICY, lambda: 0.0)
    retrier.refuse([*records(1), *records(1, attempt=3)], Cause.THROTTLED, now_ns=0)
    again = retrier.ready(0)
    assert [record.attempt for record in again] == [1, 4]
    assert [record.data for record in again] == [records(1)[0].data] * 2
