"""An aggregate is filled to the last byte that it may have, and never further."""

from __future__ import annotations

from tests.unit.test_aggregator import LINGER, check, shard_map
from worker.aggregator import MAGIC, MAX_AGGREGATE_BYTES, Aggregator
from worker.record import Record


def two_byte_places() -> list[Record]:
    """Records of so many keys that the next key's place takes two bytes."""
    return [Record(b"x", f"user-{number:03}", number) for number in range(200)]


def test_an_aggregate_is_filled_to_the_last_byte_and_what_does_not_fit_begins_the_next() -> None:
    small = two_byte_places()
    packed = Aggregator(shard_map(1), LINGER)
    packed.add(small, 0)
    around = len("\x0a\x01k") + len("\x1a___\x08__\x1a___")
    fitting = MAX_AGGREGATE_BYTES - packed.drain()[0].size - around

    aggregator = Aggregator(shard_map(1), LINGER)
    assert aggregator.add([*small, Record(bytes(fitting), "k", 0)], 0) == []
    (entry,) = aggregator.drain()
    assert entry.size == MAX_AGGREGATE_BYTES == 51_200
    check(entry, shard_map(1))

    larger = Record(bytes(fitting + 1), "k", 0)
    (full,) = aggregator.add([*small, larger, small[0]], 0)
    assert full.records == tuple(small)
    (entry,) = aggregator.drain()
    assert entry.records == (larger, small[0])


def test_a_record_that_just_fits_waits_for_its_time_and_a_larger_one_does_not() -> None:
    around = len(MAGIC) + 16 + len("a") + len("\x0a\x01k") + len("\x1a___\x08__\x1a___")
    fitting = Record(bytes(MAX_AGGREGATE_BYTES - around), "k", 0)
    larger = Record(bytes(MAX_AGGREGATE_BYTES - around + 1), "k", 0)
    small = Record(b"x", "k", 0)
    aggregator = Aggregator(shard_map(1), LINGER)
    assert [entry.records for entry in aggregator.add([small, fitting], 0)] == [(small,)]
    assert [entry.records for entry in aggregator.add([larger], 0)] == [(fitting,), (larger,)]
