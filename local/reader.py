"""Reads a whole stream back, as any consumer would, and knows nothing of how it was written.

GetRecords from TRIM_HORIZON over every shard until each is read to its end. Of a record only what
proves completeness is kept: whose it is, its number, and when Kinesis took it. A record may hold
many, in the Kinesis Producer Library's format; AWS's own definition of it takes them apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING

from aws_kinesis_agg import DIGEST_SIZE, MAGIC
from aws_kinesis_agg.deaggregator import messages_pb2
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

RECORDS_PER_CALL = 1_000
"""At most 51 MB of aggregates. AWS ends an answer at 10 MB (Kinesis API reference, GetRecords), the
embedded AWS doesn't; asking for the 10,000 that GetRecords allows is no faster."""


_RECORD_ID = re.compile(rb"demo:([\w-]+):([1-4]):([0-9a-f]{8}-\d+):(\d{12})")
"""In a record by a user's template, wherever the template has it."""


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
            answer = client.get_records(ShardIterator=iterator, Limit=RECORDS_PER_CALL)
            for record in answer["Records"]:
                data, arrived = record["Data"], record["ApproximateArrivalTimestamp"].timestamp()
                if data.startswith(MAGIC):
                    yield from parse_aggregate(data, arrived)
                else:
                    yield parse(data, arrived)
            at_end = not answer["Records"] and answer.get("MillisBehindLatest", 0) == 0
            iterator = None if at_end else answer.get("NextShardIterator")


def parse(data: bytes, arrived: float) -> Post | Unreadable:
    """Return the post in `data`, which arrived at that Unix time."""
    try:
        fields = json.loads(data)
        marked = _RECORD_ID.search(data)
        if marked:
            demo_id, phase, producer, sequence = (group.decode() for group in marked.groups())
            return Post(demo_id, int(phase), producer, int(sequence), round(arrived * 1000))
        return Post(
            str(fields["demo_id"]),
            int(fields["phase"]),
            str(fields["producer"]),
            int(fields["sequence"]),
            round(arrived * 1000),
        )
    except (ValueError, KeyError, TypeError):
        return Unreadable(data)


def parse_aggregate(data: bytes, arrived: float) -> Iterator[Post | Unreadable]:
    """Yield the posts in an aggregate, or the aggregate itself where it is damaged.

    Not by aws_kinesis_agg's iterator over whole records: it takes four times as long, encodes every
    record in base64, and goes on after an error as if nothing had been there.
    """
    message, digest = data[len(MAGIC) : -DIGEST_SIZE], data[-DIGEST_SIZE:]
    if md5(message, usedforsecurity=False).digest() != digest:
        yield Unreadable(data)
        return
    try:
        aggregate = messages_pb2.AggregatedRecord.FromString(message)
    except DecodeError:
        yield Unreadable(data)
        return
    for record in aggregate.records:
        yield parse(record.data, arrived)


def _shards(client: KinesisClient, stream_name: str) -> list[str]:
    shards = client.list_shards(StreamName=stream_name)
    found = [shard["ShardId"] for shard in shards["Shards"]]
    while "NextToken" in shards:
        shards = client.list_shards(NextToken=shards["NextToken"])
        found += [shard["ShardId"] for shard in shards["Shards"]]
    return found
