"""Aggregates hold every record once, in order, on its own shard, and never more than they may.

They are read back by AWS's own definition of the format, not by ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import md5
from itertools import pairwise

import pytest
from aws_kinesis_agg.aggregator import AggRecord
from aws_kinesis_agg.deaggregator import messages_pb2
from hypothesis import given
from hypothesis import strategies as st

from worker import aggregator as module
from worker.aggregator import MAGIC, MAX_AGGREGATE_BYTES, Aggregator
from worker.record import Entry, Record
from worker.shardmap import Shard, ShardMap

LINGER = 100

lengths = st.one_of(
    st.integers(0, 700),
    st.sampled_from([116, 117, 120, 127, 128, 16_370, 16_375, 16_376, 16_383, 16_384]),
    st.integers(MAX_AGGREGATE_BYTES - 60, MAX_AGGREGATE_BYTES + 10),
)
contents = st.one_of(
    st.binary(max_size=40), st.binary(max_size=40).map(MAGIC.__add__), lengths.map(bytes)
)
keys = st.one_of(st.text(max_size=12), st.sampled_from("abc"), st.text(min_size=60, max_size=200))
several = st.lists(st.tuples(contents, keys), max_size=30).map(
    lambda pairs: [Record(data, key, number) for number, (data, key) in enumerate(pairs)]
)


def shard_map(number: int, first: int = 0) -> ShardMap:
    """So many shards of about the same size, their ids counted from `first`."""
    cuts = [2**128 * position // number for position in range(number + 1)]
    return ShardMap(
        tuple(
            Shard(f"shardId-{first + position:012d}", start, end - 1)
            for position, (start, end) in enumerate(pairwise(cuts))
        )
    )


def unpacked(entry: Entry) -> list[tuple[str, bytes]]:
    """Partition key and data of every record in the entry, as a consumer finds them."""
    if entry.explicit_hash_key is None:
        return [(entry.partition_key, entry.data)]
    magic, message, digest = entry.data[:4], entry.data[4:-16], entry.data[-16:]
    assert magic == b"\xf3\x89\x9a\xc2"
    assert digest == md5(message, usedforsecurity=False).digest()
    aggregate = messages_pb2.AggregatedRecord.FromString(message)
    table = aggregate.partition_key_table
    return [(table[record.partition_key_index], record.data) for record in aggregate.records]


def as_aws_packs(records: Iterable[Record]) -> bytes:
    """The same records, packed by AWS's own library."""
    theirs = AggRecord()
    for record in records:
        assert theirs.add_user_record(record.partition_key, record.data)
    packed: bytes = theirs.get_contents()[2]
    return packed


def check(entry: Entry, shards: ShardMap) -> None:
    """Whatever is true of every entry."""
    assert entry.records
    assert unpacked(entry) == [(r.partition_key, r.data) for r in entry.records]
    if entry.explicit_hash_key is None:
        assert len(entry.records) == 1
        return
    assert entry.size <= MAX_AGGREGATE_BYTES
    assert entry.partition_key == "a"
    shard = shards.shard_at(int(entry.explicit_hash_key))
    assert {shards.shard_of(r.partition_key) for r in entry.records} == {shard}


def on_shards(records: Iterable[Record], shards: ShardMap) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(shards.shard_of(record.partition_key).shard_id, []).append(record)
    return found


@given(st.lists(several, max_size=4), st.integers(1, 5))
def test_every_record_leaves_once_in_its_shards_order_within_the_size(
    chunks: list[list[Record]], number: int
) -> None:
    shards = shard_map(number)
    aggregator = Aggregator(shards, LINGER)
    entries: list[Entry] = []
    added = 0
    for chunk in chunks:
        entries += aggregator.add(chunk, since_ns=0)
        added += len(chunk)
        assert len(aggregator) == added - sum(len(entry.records) for entry in entries)
    entries += aggregator.drain()
    assert len(aggregator) == 0
    for entry in entries:
        check(entry, shards)
    left = [record for entry in entries for record in entry.records]
    given_in = [record for chunk in chunks for record in chunk]
    assert on_shards(left, shards) == on_shards(given_in, shards)


@given(several, st.integers(1, 3))
def test_an_aggregate_is_byte_for_byte_what_aws_packs(records: list[Record], number: int) -> None:
    aggregator = Aggregator(shard_map(number), LINGER)
    for entry in [*aggregator.add(records, 0), *aggregator.drain()]:
        if entry.explicit_hash_key is not None:
            assert entry.data == as_aws_packs(entry.records)


@given(several, st.integers(1, 3))
def test_the_size_reckoned_with_is_the_size_that_comes_out(
    records: list[Record], number: int
) -> None:
    aggregator = Aggregator(shard_map(number), LINGER)
    aggregator.add(records, 0)
    reckoned = [MAX_AGGREGATE_BYTES - open_one.room for open_one in aggregator._open]
    for size, entry in zip(reckoned, aggregator.drain(), strict=True):
        if entry.explicit_hash_key is not None:
            assert size == entry.size


@given(several, several, st.integers(1, 5), st.integers(1, 5))
def test_a_reshard_loses_nothing_and_keeps_every_keys_order(
    before: list[Record], after: list[Record], number: int, next_number: int
) -> None:
    old, new = shard_map(number), shard_map(next_number, first=number)
    aggregator = Aggregator(old, LINGER)
    sent_before = aggregator.add(before, 0)
    sent_after = [*aggregator.remap(new), *aggregator.add(after, 0), *aggregator.drain()]
    for entry in sent_before:
        check(entry, old)
    for entry in sent_after:
        check(entry, new)
    left = [record for entry in [*sent_before, *sent_after] for record in entry.records]
    for key in {record.partition_key for record in [*before, *after]}:
        in_order = [record for record in [*before, *after] if record.partition_key == key]
        assert [record for record in left if record.partition_key == key] == in_order
    assert len(left) == len(before) + len(after)


def test_the_format_is_the_documented_one() -> None:
    aggregator = Aggregator(shard_map(1), LINGER)
    aggregator.add([Record(b"one", "k", 0), Record(b"", "é", 0), Record(b"3", "k", 0)], 0)
    (entry,) = aggregator.drain()
    table = b"\x0a\x01k" + b"\x0a\x02\xc3\xa9"
    first, second, third = b"\x08\x00\x1a\x03one", b"\x08\x01\x1a\x00", b"\x08\x00\x1a\x013"
    message = table + b"\x1a\x07" + first + b"\x1a\x04" + second + b"\x1a\x05" + third
    digest = md5(message, usedforsecurity=False).digest()
    assert entry.data == b"\xf3\x89\x9a\xc2" + message + digest
    assert (entry.partition_key, entry.explicit_hash_key) == ("a", str(2**127))


def filled(records: Sequence[Record]) -> Entry:
    """The first aggregate that is full by these records, all on one shard."""
    full = Aggregator(shard_map(1), LINGER).add(records, 0)
    check(full[0], shard_map(1))
    return full[0]


@pytest.mark.parametrize("length", [0, 1, 100, 300, 600, 5_000])
def test_a_full_aggregate_has_no_room_for_another_record(length: int) -> None:
    record = Record(bytes(length), "key", 0)
    around = len("\x0a\x03key") + len("\x1a___\x08__\x1a___")
    entry = filled([record] * 20_000)
    assert MAX_AGGREGATE_BYTES - length - around < entry.size <= MAX_AGGREGATE_BYTES


def test_hundreds_of_keys_are_told_apart_in_one_aggregate() -> None:
    entry = filled([Record(b"x", f"user-{number % 1000:05d}", number) for number in range(9_000)])
    assert len({record.partition_key for record in entry.records}) == 1000
    assert entry.data == as_aws_packs(entry.records)


def test_a_record_that_waited_alone_goes_out_as_it_is() -> None:
    record = Record(b"data", "key", 0)
    aggregator = Aggregator(shard_map(2), LINGER)
    aggregator.add([record], 0)
    assert aggregator.drain() == [Entry(b"data", "key", None, (record,))]


def test_a_record_that_looks_like_an_aggregate_never_goes_out_as_it_is() -> None:
    inner = filled([Record(b"x", "key", 0)] * 9_000).data[:1_000]
    aggregator = Aggregator(shard_map(2), LINGER)
    aggregator.add([Record(inner, "key", 0)], 0)
    (entry,) = aggregator.drain()
    assert entry.explicit_hash_key is not None
    check(entry, shard_map(2))


def test_a_record_too_large_for_an_aggregate_goes_out_alone_and_after_its_elders() -> None:
    small, large = Record(b"small", "key", 0), Record(bytes(MAX_AGGREGATE_BYTES), "key", 0)
    aggregator = Aggregator(shard_map(2), LINGER)
    entries = aggregator.add([small, small, large, small], 0)
    assert [entry.records for entry in entries] == [(small, small), (large,)]
    assert entries[1] == Entry(large.data, "key", None, (large,))
    assert len(aggregator) == 1


def test_the_oldest_record_sets_its_aggregates_deadline() -> None:
    shards = shard_map(2)
    early, late = (record_on(shard, shards) for shard in shards.shards)
    aggregator = Aggregator(shards, LINGER)
    assert aggregator.deadline_ns is None
    aggregator.add([early], since_ns=1_000)
    aggregator.add([late, early], since_ns=1_040)
    assert aggregator.deadline_ns == 1_100
    assert aggregator.overdue(1_099) == []
    assert [entry.records for entry in aggregator.overdue(1_100)] == [(early, early)]
    assert len(aggregator) == 1
    assert aggregator.deadline_ns == 1_140
    assert [entry.records for entry in aggregator.overdue(2_000)] == [(late,)]
    assert aggregator.deadline_ns is None


def test_a_reshard_leaves_other_shards_alone_and_no_deadline_moves() -> None:
    old = shard_map(2)
    kept, split = old.shards
    middle = (split.starting_hash_key + split.ending_hash_key + 1) // 2
    children = (
        Shard("shardId-000000000002", split.starting_hash_key, middle - 1),
        Shard("shardId-000000000003", middle, split.ending_hash_key),
    )
    new = ShardMap((kept, *children))
    staying, *moving = (record_on(shard, new) for shard in new.shards)
    aggregator = Aggregator(old, LINGER)
    aggregator.add(moving, since_ns=1_000)
    aggregator.add([staying], since_ns=1_050)
    assert aggregator.remap(new) == []
    assert aggregator.deadline_ns == 1_100
    aggregator.add([staying, *moving], since_ns=1_060)
    entries = aggregator.overdue(1_100)
    assert [entry.records for entry in entries] == [(record, record) for record in moving]
    assert aggregator.deadline_ns == 1_150
    (entry,) = aggregator.drain()
    assert entry.records == (staying, staying)
    for entry in entries:
        check(entry, new)


def test_what_is_remembered_of_keys_and_lengths_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 300
    monkeypatch.setattr(module, "_MAX_KEYS", most)
    monkeypatch.setattr(module, "_MAX_LENGTHS", most)
    for shapes in module._SHAPES.values():
        shapes.clear()
    shards = shard_map(3)
    records = [Record(bytes(n % 701), f"key-{n % 503}", n) for n in range(2_000)]
    aggregator = Aggregator(shards, LINGER)
    entries: list[Entry] = []
    remembered: list[tuple[int, int]] = []
    for record in records:
        entries += aggregator.add([record], 0)
        remembered.append((len(aggregator._keys), max(map(len, module._SHAPES.values()))))
    assert tuple(map(max, zip(*remembered, strict=True))) == (most, most)
    entries += aggregator.drain()
    for entry in entries:
        check(entry, shards)
    left = [record for entry in entries for record in entry.records]
    assert on_shards(left, shards) == on_shards(records, shards)


def record_on(shard: Shard, shards: ShardMap) -> Record:
    key = next(f"k{n}" for n in range(10_000) if shards.shard_of(f"k{n}") == shard)
    return Record(key.encode(), key, 0)
