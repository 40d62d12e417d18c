"""No request ever exceeds a limit of PutRecords, and no record is left behind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.collector import Collector, FlushReason
from worker.limits import (
    MAX_KEY_BYTES,
    MAX_RECORD_BYTES,
    MAX_RECORDS_PER_REQUEST,
    MAX_REQUEST_BYTES,
    is_too_large,
)
from worker.record import Entry, Record

BIG = bytes(MAX_RECORD_BYTES)


def record(size: int, key: str = "k") -> Record:
    return Record(BIG[: size - len(key.encode())], key, 0)


sizes = st.one_of(
    st.integers(1, 1000),
    st.integers(MAX_RECORD_BYTES - 1000, MAX_RECORD_BYTES),
    st.just(MAX_RECORD_BYTES),
)


@given(st.lists(st.tuples(sizes, st.integers(1, 8)), max_size=60), st.integers(1, 700))
def test_every_record_leaves_once_in_order_within_the_limits(
    runs: list[tuple[int, int]], at_once: int
) -> None:
    collector = Collector(linger_ns=10**9)
    records = [record(size) for size, times in runs for _ in range(times)]
    batches = []
    for start in range(0, len(records), at_once):
        batches += collector.add(records[start : start + at_once], since_ns=0)
        assert len(collector) <= MAX_RECORDS_PER_REQUEST
    batches += collector.drain()
    assert [r for batch in batches for r in batch.items] == records
    for batch in batches:
        assert 0 < len(batch.items) == batch.records <= MAX_RECORDS_PER_REQUEST
        assert sum(r.size for r in batch.items) <= MAX_REQUEST_BYTES


def test_the_five_hundredth_record_closes_the_request() -> None:
    collector = Collector(linger_ns=10**9)
    assert collector.add([record(10)] * (MAX_RECORDS_PER_REQUEST - 1), 0) == []
    (batch,) = collector.add([record(10)], 0)
    assert (batch.records, batch.reason) == (MAX_RECORDS_PER_REQUEST, FlushReason.COUNT)
    assert collector.drain() == []


def test_a_record_that_does_not_fit_any_more_opens_the_next_request() -> None:
    collector = Collector(linger_ns=10**9)
    size = MAX_RECORD_BYTES - MAX_KEY_BYTES
    per_request = MAX_REQUEST_BYTES // (size + MAX_KEY_BYTES)
    assert collector.add([record(size)] * per_request, 0) == []
    (batch,) = collector.add([record(size)], 0)
    assert (batch.records, batch.reason) == (per_request, FlushReason.BYTES)
    assert len(collector) == 1


def test_what_is_over_five_hundred_waits_for_the_next_request() -> None:
    collector = Collector(linger_ns=10**9)
    assert collector.add([record(10)] * 300, 0) == []
    (batch,) = collector.add([record(10)] * 300, 0)
    assert (batch.records, batch.reason) == (500, FlushReason.COUNT)
    assert len(collector) == 100


def test_a_request_is_filled_to_the_last_byte_and_no_further_time_after_time() -> None:
    room = MAX_REQUEST_BYTES // 5 - MAX_KEY_BYTES
    fifth, larger = Record(BIG[:room], "k", 0), Record(BIG[: room + 1], "k", 0)
    collector = Collector(linger_ns=10**9)
    for _ in range(2):
        assert collector.add([fifth] * 5, 0) == []
        assert [batch.records for batch in collector.drain()] == [5]
    collector = Collector(linger_ns=10**9)
    for _ in range(2):
        assert collector.add([fifth] * 4, 0) == []
        assert [batch.records for batch in collector.add([larger], 0)] == [4]
        assert [batch.records for batch in collector.drain()] == [1]
    assert collector.add([fifth] * 4, 0) == []
    assert [batch.records for batch in collector.add([fifth, fifth], 0)] == [5]
    assert [batch.records for batch in collector.drain()] == [1]


def test_keys_as_long_as_they_may_be_count_too() -> None:
    collector = Collector(linger_ns=10**9)
    long_key = "\U0001f30d" * 256
    assert len(long_key.encode()) == MAX_KEY_BYTES
    records = [Record(BIG[:12_800], long_key, 0)] * 400
    batches = [*collector.add(records, 0), *collector.drain()]
    assert sum(batch.records for batch in batches) == 400
    assert all(sum(r.size for r in batch.items) <= MAX_REQUEST_BYTES for batch in batches)


def test_an_aggregate_counts_for_the_records_in_it() -> None:
    collector = Collector(linger_ns=10**9)
    collector.add(
        [Entry(b"x", "a", "0", (record(10),) * 7), Entry(b"y", "a", "1", (record(5),))], 0
    )
    (batch,) = collector.drain()
    assert (len(batch.items), batch.records) == (2, 8)


@pytest.mark.parametrize(
    ("record", "too_large"),
    [
        (Record(BIG[:-1], "k", 0), False),
        (Record(BIG, "k", 0), True),
        (Record(BIG[: -3 * 256], "東" * 256, 0), False),
        (Record(BIG[: -3 * 256 + 1], "東" * 256, 0), True),
    ],
)
def test_a_record_is_too_large_with_its_key_in_utf8(record: Record, too_large: bool) -> None:
    assert is_too_large(record) is too_large


def test_the_oldest_record_sets_the_deadline() -> None:
    collector = Collector(linger_ns=50)
    assert collector.deadline_ns is None
    collector.add([record(10)], since_ns=100)
    collector.add([record(10)], since_ns=140)
    assert collector.deadline_ns == 150
    assert collector.overdue(149) == []
    (batch,) = collector.overdue(150)
    assert (batch.records, batch.reason) == (2, FlushReason.DEADLINE)
    assert collector.deadline_ns is None
