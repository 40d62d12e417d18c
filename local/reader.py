"""Reads a whole stream back, as any consumer would, and knows nothing of how it was written.

GetRecords from TRIM_HORIZON over every shard until each is read to its end. Of a record only what
proves completeness is kept: whose it is, its number, and when Kinesis took it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

MAX_RECORDS_PER_CALL = 10_000
"""Source: Kinesis API reference, GetRecords, Limit."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post found in the stream."""

    demo_id: str
    phase: int
    producer: str
    sequence: int
    arrived_ms: int
    """When Kinesis took it (ApproximateArrivalTimestamp), Unix milliseconds."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record in the stream that is no post of any demo."""

    data: bytes


def read_stream(client: KinesisClient, stream_name: str) -> Iterator[Post | Unreadable]:
    """Yield every record of the stream, shard by shard, up to what is there when it is reached."""
    for shard_id in _shards(client, stream_name):
        iterator: str | None = client.get_shard_iterator(
            StreamName=stream_name, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator is not None:
            answer = client.get_records(ShardIterator=iterator, Limit=MAX_RECORDS_PER_CALL)
            for record in answer["Records"]:
                yield parse(record["Data"], record["ApproximateArrivalTimestamp"].timestamp())
            at_end = not answer["Records"] and answer.get("MillisBehindLatest", 0) == 0
            iterator = None if at_end else answer.get("NextShardIterator")


def parse(data: bytes, arrived: float) -> Post | Unreadable:
    """Return the post in `data`, which arrived at that Unix time."""
    try:
        fields = json.loads(data)
        return Post(
            str(fields["demo_id"]),
            int(fields["phase"]),
            str(fields["producer"]),
            int(fields["sequence"]),
            round(arrived * 1000),
        )
    except (ValueError, KeyError, TypeError):
        return Unreadable(data)


def _shards(client: KinesisClient, stream_name: str) -> list[str]:
    shards = client.list_shards(StreamName=stream_name)
    found = [shard["ShardId"] for shard in shards["Shards"]]
    while "NextToken" in shards:
        shards = client.list_shards(NextToken=shards["NextToken"])
        found += [shard["ShardId"] for shard in shards["Shards"]]
    return found
