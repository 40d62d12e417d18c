"""Packs many user records into one Kinesis record, as the Kinesis Producer Library does.

An aggregate is a magic number, a protobuf message (a table of the partition keys that occur, then
the records, each with its key's place in the table and its data), and the message's MD5. Its
records belong to one shard, to which its explicit hash key leads, so there is one open aggregate a
shard. What the KPL leaves alone goes out as it is: a record that waited alone, and one that is too
large.

The message is written by hand: what stands around a record's data depends only on the data's length
and on its key's place, so it is made once and looked up from then on, and an aggregate costs one
join and one MD5. Every size is exact at every moment. Pure: the caller passes the time.

Source: aggregation-format.md and kinesis_record.cc in github.com/awslabs/amazon-kinesis-producer.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import md5
from typing import TypeAlias

from worker.record import Entry, Record
from worker.shardmap import Shard, ShardMap

MAX_AGGREGATE_BYTES = 51_200
"""Of an aggregate and its partition key: the KPL's default for AggregationMaxSize."""
MAGIC = b"\xf3\x89\x9a\xc2"
PARTITION_KEY = "a"
"""Of an aggregate, as with the KPL: it fills the field, the explicit hash key is what counts."""

_EMPTY_BYTES = len(MAGIC) + md5(usedforsecurity=False).digest_size + len(PARTITION_KEY)
_MOST_AROUND_DATA = 11
"""Three field numbers of a byte, two lengths of up to three, the key's place of up to two: none of
them is longer within 51,200 bytes."""
_MAX_PLACES = 6_400
"""More keys than fit: the shortest one and a record with it take two bytes and six."""
_MAX_KEYS = 65_536
_MAX_LENGTHS = 8_192
"""Bounds of what is remembered of partition keys and of lengths of data."""

_Shape: TypeAlias = tuple[bytes, bytes, int]
"""What stands before and after the key's place in a record, and the whole record's size."""


class Aggregator:
    """Gathers records into aggregates, one open at a time for each shard that has any.

    The order of the records of one shard is kept.
    """

    def __init__(self, shards: ShardMap, linger_ns: int) -> None:
        self._linger_ns = linger_ns
        self._shards = shards
        self._aggregates = {shard: _Aggregate(shard) for shard in shards.shards}
        self._keys: dict[str, _Key] = {}
        self._open: dict[_Aggregate, None] = {}
        """Those that hold records, in the order in which they got their first."""

    def __len__(self) -> int:
        """User records inside."""
        return sum(len(aggregate.records) for aggregate in self._open)

    @property
    def deadline_ns(self) -> int | None:
        """When the oldest aggregate has to go, monotonic nanoseconds; None while there is none."""
        return min((aggregate.deadline_ns for aggregate in self._open), default=None)

    def add(self, records: Sequence[Record], since_ns: int) -> list[Entry]:
        """Take records that linger since then; return the aggregates that are full by them."""
        return self._pack(records, since_ns + self._linger_ns)

    def overdue(self, now_ns: int) -> list[Entry]:
        """Return the aggregates whose oldest record has lingered long enough."""
        late = [aggregate for aggregate in self._open if aggregate.deadline_ns <= now_ns]
        return [self._close(aggregate) for aggregate in late]

    def drain(self) -> list[Entry]:
        """Return whatever is there."""
        return [self._close(aggregate) for aggregate in list(self._open)]

    def remap(self, shards: ShardMap) -> list[Entry]:
        """Go by another map from now on; return the aggregates that are full by that.

        The open aggregates of shards that are no more are packed anew, and keep their deadline.
        """
        kept = {shard: self._aggregates.get(shard) or _Aggregate(shard) for shard in shards.shards}
        gone = [aggregate for aggregate in self._open if aggregate.shard not in kept]
        self._shards, self._aggregates = shards, kept
        self._keys.clear()
        for aggregate in gone:
            del self._open[aggregate]
        records = [record for aggregate in gone for record in aggregate.records]
        return self._pack(records, min((each.deadline_ns for each in gone), default=0))

    def _pack(self, records: Sequence[Record], deadline_ns: int) -> list[Entry]:
        full: list[Entry] = []
        keys, places = self._keys, _PLACES
        for record in records:
            data = record[0]
            length = len(data)
            try:
                key = keys[record[1]]
            except KeyError:
                key = self._remember(record[1])
            aggregate = key.aggregate
            if length + key.overhead > aggregate.room:
                full += self._close_any(aggregate)
                if length + key.overhead > aggregate.room:
                    full.append(_as_it_is(record))
                    continue
            if key.listed_in != aggregate.number:
                if not aggregate.records:
                    aggregate.deadline_ns = deadline_ns
                    self._open[aggregate] = None
                key.listed_in = aggregate.number
                key.place, key.shapes = places[len(aggregate.table)]
                aggregate.table.append(key.table_entry)
                aggregate.room -= key.entry_bytes
            try:
                before, after, size = key.shapes[length]
            except KeyError:
                before, after, size = _new_shape(key.shapes, len(key.place), length)
            aggregate.room -= size
            aggregate.parts += (before, key.place, after, data)
            aggregate.records.append(record)
        return full

    def _remember(self, partition_key: str) -> _Key:
        """Work out where a key's records go, and forget all others where they are too many."""
        if len(self._keys) >= _MAX_KEYS:
            self._keys.clear()
        aggregate = self._aggregates[self._shards.shard_of(partition_key)]
        key = self._keys[partition_key] = _Key(partition_key, aggregate)
        return key

    def _close_any(self, aggregate: _Aggregate) -> list[Entry]:
        return [self._close(aggregate)] if aggregate.records else []

    def _close(self, aggregate: _Aggregate) -> Entry:
        del self._open[aggregate]
        entry = aggregate.entry()
        aggregate.empty()
        return entry


class _Aggregate:
    """What is being filled for one shard, over and over. `room`: bytes that it may still grow."""

    __slots__ = ("deadline_ns", "number", "parts", "records", "room", "shard", "table")

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.number = 0
        self.deadline_ns = 0
        self.empty()

    def empty(self) -> None:
        self.number += 1
        self.records: list[Record] = []
        self.table: list[bytes] = []
        self.parts: list[bytes] = []
        self.room = MAX_AGGREGATE_BYTES - _EMPTY_BYTES

    def entry(self) -> Entry:
        if len(self.records) == 1 and not self.records[0].data.startswith(MAGIC):
            return _as_it_is(self.records[0])
        head = b"".join((MAGIC, *self.table, *self.parts))
        digest = md5(memoryview(head)[len(MAGIC) :], usedforsecurity=False).digest()
        return Entry(head + digest, PARTITION_KEY, self.shard.hash_key, tuple(self.records))


def _as_it_is(record: Record) -> Entry:
    return Entry(record.data, record.partition_key, None, (record,))


class _Key:
    """A partition key: which aggregate its records go into, and its place in that one's table.

    `listed_in` is the number of the aggregate that `place` and `shapes` are for; `overhead` is the
    most that a record with this key takes besides its data.
    """

    __slots__ = (
        *("aggregate", "entry_bytes", "listed_in", "overhead"),
        *("place", "shapes", "table_entry"),
    )

    def __init__(self, partition_key: str, aggregate: _Aggregate) -> None:
        written = partition_key.encode()
        self.table_entry = b"\x0a" + _varint(len(written)) + written
        self.entry_bytes = len(self.table_entry)
        self.overhead = self.entry_bytes + _MOST_AROUND_DATA
        self.aggregate = aggregate
        self.listed_in = 0
        self.place, self.shapes = _PLACES[0]


def _varint(number: int) -> bytes:
    """A number as protobuf writes it: seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    written.append(number)
    return bytes(written)


def _new_shape(shapes: dict[int, _Shape], place_bytes: int, length: int) -> _Shape:
    """Remember the shape of records with so long a key's place and so long data.

    A record is `1a <length of the rest> 08 <key's place> 1a <length of data> <data>`.
    """
    if len(shapes) >= _MAX_LENGTHS:
        shapes.clear()
    after = b"\x1a" + _varint(length)
    rest = 1 + place_bytes + len(after) + length
    before = b"\x1a" + _varint(rest) + b"\x08"
    shape = shapes[length] = (before, after, len(before) - 1 + rest)
    return shape


_SHAPES: dict[int, dict[int, _Shape]] = {1: {}, 2: {}}
"""By length of the key's place, then of the data."""
_PLACES = [(place, _SHAPES[len(place)]) for place in map(_varint, range(_MAX_PLACES))]
"""A key's place in the table as it is written, and the shapes that go with it."""
