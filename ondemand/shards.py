"""Shards as ranges of the hash space, and how they are split and merged.

The open shards always cover the whole space once: 0 to 2¹²⁸ - 1, in order, without a gap.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5

HASH_SPACE = 1 << 128


@dataclass(frozen=True)
class Shard:
    """A range of hash keys, both ends included, and where it came from."""

    number: int
    start: int
    end: int
    parent: int | None = None
    adjacent_parent: int | None = None

    @property
    def shard_id(self) -> str:
        return id_of(self.number)

    @property
    def width(self) -> int:
        return self.end - self.start + 1


def id_of(number: int) -> str:
    """A shard's id, as Kinesis writes it."""
    return f"shardId-{number:012d}"


def hash_of(partition_key: str) -> int:
    """Where a partition key lies: MD5 as a number (API reference, PutRecords)."""
    return int.from_bytes(md5(partition_key.encode(), usedforsecurity=False).digest())


def even(count: int, first_number: int = 0) -> tuple[Shard, ...]:
    """That many shards of equal width, as a stream is created with."""
    edges = [HASH_SPACE * index // count for index in range(count + 1)]
    return tuple(
        Shard(first_number + index, edges[index], edges[index + 1] - 1) for index in range(count)
    )


def place_of(hash_key: int, starts: Sequence[int]) -> int:
    """The place of the open shard that holds a hash key; `starts` are theirs, in order."""
    return bisect_right(starts, hash_key) - 1


def split(shard: Shard, first_number: int) -> tuple[Shard, Shard]:
    """Two halves of a shard, numbered from `first_number`."""
    middle = shard.start + shard.width // 2
    return (
        Shard(first_number, shard.start, middle - 1, shard.number),
        Shard(first_number + 1, middle, shard.end, shard.number),
    )


def merged(left: Shard, right: Shard, number: int) -> Shard:
    """Two neighbours as one."""
    if left.end + 1 != right.start:
        raise ValueError(f"{left.shard_id} and {right.shard_id} are no neighbours")
    return Shard(number, left.start, right.end, left.number, right.number)
