"""The data plane's operations: a request's JSON and a stream in, an answer's JSON out.

Source of every shape: botocore's model `kinesis`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from local.kinesis.log import ShardLog, number_of, sequence_number
from local.kinesis.requests import Refusal
from local.kinesis.stream import ModelledStream
from ondemand.policy import MIB

MAX_READ_RECORDS = 10_000
MAX_READ_BYTES = 10 * MIB
MAX_SHARDS_LISTED = 10_000

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
    return orjson.dumps({"ShardIterator": _iterator(stream, log, _position(log, body))})


def get_records(stream: ModelledStream, body: Body, now: float) -> bytes:
    """GetRecords: at a closed shard's end, its children instead of a next iterator."""
    stream.advance(now)
    shard_id, position = _position_of(body["ShardIterator"])[2:]
    log = _shard(stream, shard_id)
    records = log.slice(position, body.get("Limit", MAX_READ_RECORDS), MAX_READ_BYTES)
    after = max(position, log.trimmed) + len(records)
    behind = 0.0 if after >= log.end else now - log.times[after - log.trimmed]
    rest: dict[str, Any] = {"MillisBehindLatest": round(behind * 1000)}
    if log.ending is not None and after >= log.end:
        rest["ChildShards"] = [_child(log, child) for child in log.children]
    else:
        rest["NextShardIterator"] = _iterator(stream, log, after)
    return b'{"Records":[%b],%b' % (b",".join(records), orjson.dumps(rest)[1:])


def list_shards(stream: ModelledStream, body: Body, now: float) -> bytes:
    """ListShards, closed ones included unless AT_LATEST is asked for."""
    stream.advance(now)
    only_open = body.get("ShardFilter", {}).get("Type") in ("AT_LATEST", "AFTER_SHARD_ID")
    after = body.get("ExclusiveStartShardId") or body.get("ShardFilter", {}).get("ShardId") or ""
    if "NextToken" in body:
        after = _token(body["NextToken"])[2]
    logs = [log for log in stream.shards if log.shard.shard_id > after]
    if only_open and not after:
        logs = [log for log in logs if log.ending is None]
    limit = body.get("MaxResults", MAX_SHARDS_LISTED)
    answer: dict[str, Any] = {"Shards": [described(log) for log in logs[:limit]]}
    if len(logs) > limit:
        answer["NextToken"] = _opaque(stream, logs[limit - 1].shard.shard_id)
    return orjson.dumps(answer)


OPERATIONS: Mapping[str, Operation] = {
    "PutRecords": put_records,
    "PutRecord": put_record,
    "GetShardIterator": get_shard_iterator,
    "GetRecords": get_records,
    "ListShards": list_shards,
}


def stream_of_iterator(text: str) -> str:
    """The name of the stream that an iterator, or a ListShards token, belongs to.

    Empty if it isn't one of ours: MiniStack gives out others for the streams that it keeps.
    """
    try:
        return _token(text)[1]
    except Refusal:
        return ""


def described(log: ShardLog) -> dict[str, Any]:
    """A shard as ListShards and DescribeStream show it."""
    shard = log.shard
    sequence = {"StartingSequenceNumber": sequence_number(log.starting)}
    if log.ending is not None:
        sequence["EndingSequenceNumber"] = sequence_number(log.ending)
    answer: dict[str, Any] = {
        "ShardId": shard.shard_id,
        "HashKeyRange": _range(shard.start, shard.end),
        "SequenceNumberRange": sequence,
    }
    if shard.parent is not None:
        answer["ParentShardId"] = f"shardId-{shard.parent:012d}"
    if shard.adjacent_parent is not None:
        answer["AdjacentParentShardId"] = f"shardId-{shard.adjacent_parent:012d}"
    return answer


def _child(log: ShardLog, child: Any) -> dict[str, Any]:
    parents = [log.shard.shard_id]
    if child.adjacent_parent is not None:
        parents = [f"shardId-{n:012d}" for n in (child.parent, child.adjacent_parent)]
    return {
        "ShardId": child.shard_id,
        "ParentShards": parents,
        "HashKeyRange": _range(child.start, child.end),
    }


def _range(start: int, end: int) -> dict[str, str]:
    return {"StartingHashKey": str(start), "EndingHashKey": str(end)}


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


def _iterator(stream: ModelledStream, log: ShardLog, position: int) -> str:
    return _opaque(stream, log.shard.shard_id, str(position))


def _position_of(text: str) -> tuple[str, str, str, int]:
    kind, name, shard_id, position = (*_token(text), "")[:4]
    if not position.isdigit():
        raise Refusal("InvalidArgumentException", "Invalid ShardIterator")
    return kind, name, shard_id, int(position)


def _opaque(stream: ModelledStream, *parts: str) -> str:
    return base64.urlsafe_b64encode("\n".join(("v1", stream.name, *parts)).encode()).decode()


def _token(text: str) -> list[str]:
    try:
        parts = base64.urlsafe_b64decode(text.encode()).decode().split("\n")
    except ValueError:
        parts = []
    if len(parts) < 3 or parts[0] != "v1":
        raise Refusal("InvalidArgumentException", "Invalid ShardIterator or NextToken")
    return parts
