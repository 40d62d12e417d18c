"""Which shard a partition key belongs to: the stream's open shards and the hash keys they hold.

Kinesis takes the MD5 of a record's partition key as a 128-bit number and puts the record on the
open shard whose range holds it. An aggregate may only hold records of one shard, so the aggregator
has to know the ranges, and has to be told when the stream is resharded. Pure but for
`read_shard_map`, which asks Kinesis.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import md5
from typing import TYPE_CHECKING

from worker.errors import WorkerError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import ShardTypeDef

MAX_HASH_KEY = 2**128 - 1
"""Source: Kinesis API reference, PutRecords, ExplicitHashKey: MD5 maps keys to 128 bits."""


class BrokenShardMap(WorkerError):
    """Shards that leave a hash key to nobody, or give one to two of them."""


@dataclass(frozen=True)
class Shard:
    """An open shard and the hash keys that it holds, both ends included."""

    shard_id: str
    starting_hash_key: int
    ending_hash_key: int

    @cached_property
    def hash_key(self) -> str:
        """The explicit hash key, decimal, that leads an aggregate to this shard.

        It is the middle of the range, so that an aggregate whose shard was split shows it by where
        it lands, also on a server that gives a shard's id to its first half.
        """
        return str((self.starting_hash_key + self.ending_hash_key + 1) // 2)


@dataclass(frozen=True)
class ShardMap:
    """A stream's open shards, ordered by their ranges.

    Raises BrokenShardMap, which names every gap and overlap, unless each hash key has one shard.
    """

    shards: tuple[Shard, ...]
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.shards, key=lambda shard: shard.starting_hash_key))
        if problems := _gaps_and_overlaps(ordered):
            raise BrokenShardMap("; ".join(problems))
        object.__setattr__(self, "shards", ordered)
        object.__setattr__(self, "_starts", tuple(shard.starting_hash_key for shard in ordered))

    def shard_of(self, partition_key: str) -> Shard:
        """Return the shard on which Kinesis puts records with this partition key."""
        digest = md5(partition_key.encode(), usedforsecurity=False).digest()
        return self.shard_at(int.from_bytes(digest, "big"))

    def shard_at(self, hash_key: int) -> Shard:
        """Return the shard that holds a hash key from 0 to MAX_HASH_KEY."""
        return self.shards[bisect_right(self._starts, hash_key) - 1]


def read_shard_map(client: KinesisClient, stream_name: str) -> ShardMap:
    """Ask Kinesis for the stream's open shards.

    Raises what boto3 raises, and BrokenShardMap where a reshard is caught halfway: ask again then.
    """
    answer = client.list_shards(StreamName=stream_name, ShardFilter={"Type": "AT_LATEST"})
    listed = [*answer.get("Shards", ())]
    while token := answer.get("NextToken"):
        answer = client.list_shards(NextToken=token)
        listed += answer.get("Shards", ())
    return ShardMap(tuple(_open_shards(listed)))


def _open_shards(listed: Sequence[ShardTypeDef]) -> Iterable[Shard]:
    """Leave the closed ones out: a server that doesn't know ShardFilter lists them, too."""
    for shard in listed:
        if shard["SequenceNumberRange"].get("EndingSequenceNumber") is None:
            keys = shard["HashKeyRange"]
            yield Shard(shard["ShardId"], int(keys["StartingHashKey"]), int(keys["EndingHashKey"]))


def _gaps_and_overlaps(ordered: Sequence[Shard]) -> list[str]:
    problems = []
    end, before = -1, ""
    for shard in ordered:
        start = shard.starting_hash_key
        if start > end + 1:
            problems.append(f"no shard holds hash keys {end + 1} to {start - 1}")
        elif start <= end:
            last = min(end, shard.ending_hash_key)
            problems.append(f"{before} and {shard.shard_id} both hold hash keys {start} to {last}")
        if shard.ending_hash_key > end:
            end, before = shard.ending_hash_key, shard.shard_id
    if end < MAX_HASH_KEY:
        problems.append(f"no shard holds hash keys {end + 1} to {MAX_HASH_KEY}")
    return problems
