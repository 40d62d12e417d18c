"""What a reader and the embedded Kinesis tell each other beyond Kinesis' own API, in headers.

Of all readers only `make demo`'s knows that nobody else needs the records: it asks for what it has
read to be forgotten. Every reader is told how many records it can't see any more, so that none has
to take a stream whose beginning is gone for a whole one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.kinesis.stream import ModelledStream
from local.kinesis.tokens import iterator_of

FORGET_READ = "x-forget-read"
"""With GetRecords: what is before its iterator has arrived, and nobody else needs it."""
RECORDS_GONE = "x-records-gone"
"""With the answers of GetShardIterator and GetRecords: how many records before its first one left
the stream and were not handed out by this way of reading."""

Body = Mapping[str, Any]


def gone(stream: ModelledStream, operation: str, body: Body, now: float) -> int:
    """How many records somebody who reads from the beginning misses by going on from here."""
    if operation == "GetRecords":
        iterator = iterator_of(body["ShardIterator"], now)
        log = stream.shard(iterator.shard_id)
        return max(0, log.trimmed - iterator.position) if log else 0
    if operation == "GetShardIterator" and body["ShardIteratorType"] == "TRIM_HORIZON":
        log = stream.shard(body["ShardId"])
        return log.trimmed if log else 0
    return 0


def forget_read(stream: ModelledStream, body: Body, now: float) -> None:
    """Forget what is before a GetRecords request's iterator."""
    iterator = iterator_of(body["ShardIterator"], now)
    log = stream.shard(iterator.shard_id)
    if log is not None:
        log.forget(iterator.position)
