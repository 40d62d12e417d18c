"""Reads a whole stream back, as any consumer would, and knows nothing of how it was written.

GetRecords from TRIM_HORIZON over every shard until each is read to its end. Of a record only what
proves completeness is kept: whose it is, its number, and when Kinesis took it. A record may hold
many, in the Kinesis Producer Library's format; AWS's own definition of it takes them apart. Those
that had left the stream before they could be read are counted: of them nothing can be proven.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING, Any, TypeAlias

from aws_kinesis_agg import DIGEST_SIZE, MAGIC
from aws_kinesis_agg.deaggregator import messages_pb2
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from local.kinesis.reading import FORGET_READ, RECORDS_GONE

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

RECORDS_PER_CALL = 1_000
"""An answer ends at 10 MB (Kinesis API reference, GetRecords); asking for the 10,000 records that
GetRecords allows is no faster."""


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


@dataclass(frozen=True, slots=True)
class Gone:
    """Records that left the stream before they could be read."""

    records: int


Found: TypeAlias = Post | Unreadable | Gone


def read_stream(client: KinesisClient, stream_name: str) -> Iterator[Found]:
    """Yield every record of the stream up to what is there when its shard's end is reached."""
    reading = Reading(client, stream_name)
    yield from reading.round()
    while reading.behind:
        yield from reading.round()


class Reading:
    """A stream read from its beginning on, in rounds, for as long as it is written."""

    def __init__(self, client: KinesisClient, stream_name: str, *, forget: bool = False) -> None:
        """`forget`: the embedded Kinesis need not keep what has arrived here."""
        self._client = client
        self._stream_name = stream_name
        self._iterators: dict[str, str | None] = {}
        """Where each shard is read on; None behind a closed shard's last record."""
        self.behind = False
        """Whether the last round left records that were there already."""
        if forget:
            client.meta.events.register("before-call.kinesis.GetRecords", _ask_to_forget)

    def round(self) -> Iterator[Found]:
        """Yield the next records of every shard, one answer of each."""
        self.behind = False
        for shard_id in _shards(self._client, self._stream_name):
            if shard_id not in self._iterators:
                yield from self._begin(shard_id)
            yield from self._next(shard_id)

    def _begin(self, shard_id: str) -> Iterator[Gone]:
        answer = self._client.get_shard_iterator(
            StreamName=self._stream_name, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
        )
        self._iterators[shard_id] = answer["ShardIterator"]
        yield from _gone(answer)

    def _next(self, shard_id: str) -> Iterator[Found]:
        iterator = self._iterators[shard_id]
        if iterator is None:
            return
        answer = self._client.get_records(ShardIterator=iterator, Limit=RECORDS_PER_CALL)
        self._iterators[shard_id] = answer.get("NextShardIterator")
        self.behind |= answer.get("MillisBehindLatest", 0) > 0
        yield from _gone(answer)
        for record in answer["Records"]:
            data, arrived = record["Data"], record["ApproximateArrivalTimestamp"].timestamp()
            if data.startswith(MAGIC):
                yield from parse_aggregate(data, arrived)
            else:
                yield parse(data, arrived)


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


def _gone(answer: Mapping[str, Any]) -> Iterator[Gone]:
    records = int(answer["ResponseMetadata"]["HTTPHeaders"].get(RECORDS_GONE, 0))
    if records:
        yield Gone(records)


def _ask_to_forget(params: dict[str, Any], **_: object) -> None:
    """A hook of botocore's."""
    params["headers"][FORGET_READ] = "1"


def _shards(client: KinesisClient, stream_name: str) -> list[str]:
    shards = client.list_shards(StreamName=stream_name)
    found = [shard["ShardId"] for shard in shards["Shards"]]
    while "NextToken" in shards:
        shards = client.list_shards(NextToken=shards["NextToken"])
        found += [shard["ShardId"] for shard in shards["Shards"]]
    return found
