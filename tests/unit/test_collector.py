"""No request ever exceeds a limit of PutRecords, and no record is left behind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.collector import Collector, FlushReason
from worker.errors import RecordTooLarge
from worker.limits import MAX_RECORD_BYTES, MAX_RECORDS_PER_REQUEST, MAX_REQUEST_BYTES
from worker.record import Record

BIG = bytes(MAX_RECORD_BYTES)


def record(size: int, key: str = "k") -> Record:
    return Record(BIG[: size - len(key.encode())], key, 0)


sizes = st.one_of(
    st.integers(1, 1000),
    st.integers(MAX_RECORD_BYTES - 1000, MAX_RECORD_BYTES),
    st.just(MAX_RECORD_BYTES),
)


@given(st.lists(st.tuples(sizes, st.integers(1, 8)), max_size=60))
def test_every_record_leaves_once_in_order_within_the_limits(runs: list[tuple[int, int]]) -> None:
    collector = Collector(linger_ns=10**9)
    given_in, batches = [], []
    for size, times in runs:
        for _ in range(times):
            given_in.append(record(size))
            batches += collector.add(given_in[-1], now_ns=0)
    batches += collector.drain()
    assert [r for batch in batches for r in batch.records] == given_in
    for batch in batches:
        assert 0 < len(batch.records) <= MAX_RECORDS_PER_REQUEST
        assert sum(r.size for r in batch.records) <= MAX_REQUEST_BYTES


def test_the_five_hundredth_record_closes_the_request() -> None:
    collector = Collector(linger_ns=10**9)
    flushed = [collector.add(record(10), 0) for _ in range(MAX_RECORDS_PER_REQUEST)]
    assert not any(flushed[:-1])
    (batch,) = flushed[-1]
    assert (len(batch.records), batch.reason) == (MAX_RECORDS_PER_REQUEST, FlushReason.COUNT)
    assert collector.drain() == []


def test_a_record_that_does_not_fit_any_more_opens_the_next_request() -> None:
    collector = Collector(linger_ns=10**9)
    per_request = MAX_REQUEST_BYTES // MAX_RECORD_BYTES
    for _ in range(per_request):
        assert collector.add(record(MAX_RECORD_BYTES), 0) == []
    (batch,) = collector.add(record(1), 0)
    assert (len(batch.records), batch.reason) == (per_request, FlushReason.BYTES)
    assert len(collector) == 1


def test_a_record_over_the_limit_is_refused_and_nothing_else_is_touched() -> None:
    collector = Collector(linger_ns=10**9)
    collector.add(record(10), 0)
    with pytest.raises(RecordTooLarge, match="1,048,577"):
        collector.add(Record(BIG, "k", 0), 0)
    assert len(collector) == 1


def test_the_partition_key_counts_in_utf8_bytes() -> None:
    assert Record(b"abc", "東京", 0).size == 9


def test_the_oldest_record_sets_the_deadline() -> None:
    collector = Collector(linger_ns=50)
    assert collector.deadline_ns is None
    collector.add(record(10), now_ns=100)
    collector.add(record(10), now_ns=140)
    assert collector.deadline_ns == 150
    assert collector.overdue(149) == []
    (batch,) = collector.overdue(150)
    assert (len(batch.records), batch.reason) == (2, FlushReason.DEADLINE)
    assert collector.deadline_ns is None
