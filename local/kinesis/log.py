"""One stream's records, shard by shard, in the order in which they were taken.

A shard that was split or merged is closed: it takes nothing more, but hands out what it has. A
record is kept as the piece of JSON that GetRecords answers, so neither way costs a decoding.

Records leave from the old end only, as with Kinesis: by age, or because whoever reads has read
them and says so, or because there would be too many bytes of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from ondemand.shards import Shard
from ondemand.stream import Change

_SEQUENCE_DIGITS = 54
FIRST_SEQUENCE = 1
BYTES_BESIDES = 90
"""What a record takes in memory besides its text: its object, and its place, number and time."""
_SHED_AT_ONCE = 16
"""The oldest sixteenth: not at every record, and no more than has to be."""


def sequence_number(number: int) -> str:
    """As Kinesis writes one: 56 digits, so that their order as text is their order."""
    return f"49{number:0{_SEQUENCE_DIGITS}d}"


def number_of(sequence: str) -> int:
    """The number that `sequence_number` wrote; ValueError if it wrote no such thing."""
    if not (sequence.isascii() and sequence.isdigit() and sequence.startswith("49")):
        raise ValueError(f"{sequence!r:.80} is no sequence number of this stream")
    return int(sequence[2:])


@dataclass
class ShardLog:
    """A shard and its records. A position is a record's place since the shard was opened."""

    shard: Shard
    starting: int
    """The sequence number from which on records may be in it."""
    opened: float
    """When, epoch seconds."""
    ending: int | None = None
    """Of a closed shard: the last number that may be in it."""
    closed: float | None = None
    children: tuple[Shard, ...] = ()
    records: list[bytes] = field(default_factory=list)
    numbers: array[int] = field(default_factory=lambda: array("Q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    trimmed: int = 0
    """Positions before this one are gone."""
    held_bytes: int = 0
    """Memory that the records take."""

    @property
    def end(self) -> int:
        """The position of the next record to come."""
        return self.trimmed + len(self.records)

    def append(self, record: bytes, number: int, now: float) -> None:
        self.records.append(record)
        self.numbers.append(number)
        self.times.append(now)
        self.held_bytes += len(record) + BYTES_BESIDES

    def position_of_number(self, number: int) -> int:
        """The first position whose sequence number is that one, or later."""
        return self.trimmed + bisect_left(self.numbers, number)

    def position_at(self, moment: float) -> int:
        """The first position that was taken at that moment, epoch seconds, or later."""
        return self.trimmed + bisect_left(self.times, moment)

    def slice(self, position: int, limit: int, most_bytes: int) -> list[bytes]:
        """Up to `limit` records from there on, and not more than `most_bytes`, but one at least."""
        start = max(0, position - self.trimmed)
        found: list[bytes] = []
        size = 0
        for record in self.records[start : start + limit]:
            size += len(record)
            if found and size > most_bytes:
                break
            found.append(record)
        return found

    def trim(self, before: float) -> None:
        """Forget what was taken before that moment, epoch seconds."""
        self.forget(self.trimmed + bisect_right(self.times, before))

    def forget(self, position: int) -> None:
        """Forget what is before that position."""
        count = min(position, self.end) - self.trimmed
        if count > 0:
            self.held_bytes -= sum(map(len, self.records[:count])) + count * BYTES_BESIDES
            del self.records[:count], self.numbers[:count], self.times[:count]
            self.trimmed += count


class StreamLog:
    """All shards of a stream that still hold, or may get, records."""

    def __init__(self, shards: Iterable[Shard], now: float) -> None:
        """`now` is epoch seconds, here and below."""
        self._next = FIRST_SEQUENCE
        self._logs = {shard.shard_id: ShardLog(shard, self._next, now) for shard in shards}

    @property
    def shards(self) -> list[ShardLog]:
        """Open and closed, in the order in which they were opened."""
        return list(self._logs.values())

    @property
    def held_bytes(self) -> int:
        """Memory that all records take."""
        return sum(log.held_bytes for log in self._logs.values())

    def shard(self, shard_id: str) -> ShardLog | None:
        return self._logs.get(shard_id)

    def take_number(self) -> int:
        """The next sequence number."""
        self._next += 1
        return self._next - 1

    def change(self, change: Change, now: float) -> None:
        """Close shards and open others in their place."""
        for shard in change.closed:
            log = self._logs[shard.shard_id]
            log.ending, log.closed, log.children = self.take_number(), now, change.opened
        for shard in change.opened:
            self._logs[shard.shard_id] = ShardLog(shard, self._next, now)

    def trim(self, before: float) -> None:
        """Forget old records, and shards that have been closed for as long."""
        for log in self.shards:
            log.trim(before)
            if log.closed is not None and log.closed <= before:
                del self._logs[log.shard.shard_id]

    def shed(self, most_bytes: int) -> int:
        """Forget the oldest records, of whatever shard, until no more is held; return how many."""
        before = sum(log.trimmed for log in self.shards)
        while self.held_bytes > most_bytes:
            oldest = min(log.numbers[0] for log in self.shards if log.numbers)
            cut = oldest + max(1, (self._next - oldest) // _SHED_AT_ONCE)
            for log in self.shards:
                log.forget(log.position_of_number(cut))
        return sum(log.trimmed for log in self.shards) - before
