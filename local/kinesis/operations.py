"""The data plane's operations: a request's JSON and a stream in, an answer's JSON out.

Source of every shape: botocore's model `kinesis`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from local.kinesis.listing import hash_range, list_shards
from local.kinesis.log import ShardLog, number_of
from local.kinesis.requests import Refusal
from local.kinesis.stream import ModelledStream
from local.kinesis.tokens import ShardIterator, iterator_of
from ondemand.policy import MIB
from ondemand.shards import id_of

MAX_READ_RECORDS = 10_000
MAX_READ_BYTES = 10 * MIB

Body = Mapping[str, Any]
Operation = Callable[[ModelledStream, Body, float], bytes]


def put_records(stream: ModelledStream, body: Body, now: float) -> bytes:
    """PutRecords: what can't be taken is refused entry by entry, in a successful answer."""
    throttled, answers = stream.put(body["Records"], now)
    return b'{"FailedRecordCount":%d,"Records":[%b]}' % (throttled, b",".join(answers))


def put_record(stream: ModelledStream, body: Body, now: float) -> bytes:
    """PutRecord; Refusal if it is throttled."""
    throttled, answers = stream.put([body], now)
    if throttled:
        refusal = orjson.loads(answers[0])
        raise Refusal(refusal["ErrorCode"], refusal["ErrorMessage"])
    return answers[0]


def get_shard_iterator(stream: ModelledStream, body: Body, now: float) -> bytes:
    """GetShardIterator: a position in a shard."""
    stream.advance(now)
    log = _shard(stream, body["ShardId"])
    iterator = ShardIterator(stream.name, now, log.shard.shard_id, _position(log, body))
    return orjson.dumps({"ShardIterator": str(iterator)})


def get_records(stream: ModelledStream, body: Body, now: float) -> bytes:
    """GetRecords: at a closed shard's end, its children instead of a next iterator."""
    stream.advance(now)
    iterator = iterator_of(body["ShardIterator"], now)
    limit = body.get("Limit", MAX_READ_RECORDS)
    if limit > MAX_READ_RECORDS:
        message = f"Limit is {limit}: give {MAX_READ_RECORDS} at the most"
        raise Refusal("InvalidArgumentException", message)
    log = _shard(stream, iterator.shard_id)
    records = log.slice(iterator.position, limit, MAX_READ_BYTES)
    after = max(iterator.position, log.trimmed) + len(records)
    rest: dict[str, Any] = {"MillisBehindLatest": _millis_behind(log, after, now)}
    if log.ending is not None and after >= log.end:
        rest["ChildShards"] = [_child(log, child) for child in log.children]
    else:
        rest["NextShardIterator"] = str(replace(iterator, issued=now, position=after))
    return b'{"Records":[%b],%b' % (b",".join(records), orjson.dumps(rest)[1:])


OPERATIONS: Mapping[str, Operation] = {
    "PutRecords": put_records,
    "PutRecord": put_record,
    "GetShardIterator": get_shard_iterator,
    "GetRecords": get_records,
    "ListShards": list_shards,
}


def _millis_behind(log: ShardLog, position: int, now: float) -> int:
    """Zero is said only to whom has read all: a record of this very moment is one more."""
    if position >= log.end:
        return 0
    return max(1, round((now - log.times[position - log.trimmed]) * 1000))


def _child(log: ShardLog, child: Any) -> dict[str, Any]:
    parents = [log.shard.shard_id]
    if child.adjacent_parent is not None:
        parents = [id_of(n) for n in (child.parent, child.adjacent_parent)]
    return {
        "ShardId": child.shard_id,
        "ParentShards": parents,
        "HashKeyRange": hash_range(child),
    }


def _shard(stream: ModelledStream, shard_id: str) -> ShardLog:
    log = stream.shard(shard_id)
    if log is None:
        message = f"Shard {shard_id} in stream {stream.name} does not exist"
        raise Refusal("ResourceNotFoundException", message)
    return log


def _position(log: ShardLog, body: Body) -> int:
    kind = body["ShardIteratorType"]
    if kind == "TRIM_HORIZON":
        return log.trimmed
    if kind == "LATEST":
        return log.end
    if kind == "AT_TIMESTAMP":
        return log.position_at(float(body["Timestamp"]))
    if kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        try:
            number = number_of(body["StartingSequenceNumber"])
        except ValueError as error:
            raise Refusal("InvalidArgumentException", str(error)) from None
        return log.position_of_number(number + (kind == "AFTER_SEQUENCE_NUMBER"))
    raise Refusal("ValidationException", f"ShardIteratorType is {kind!r}")
