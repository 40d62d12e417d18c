"""Which of a stream's shards are listed, and page by page: ListShards and DescribeStream.

Source of the filters and limits: botocore's model `kinesis`, ShardFilter, ListShards and
DescribeStream. That a page token stands alone is AWS's answer, not the model's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from local.kinesis.log import ShardLog, sequence_number
from local.kinesis.requests import Refusal
from local.kinesis.stream import RETENTION_SECONDS, ModelledStream
from local.kinesis.tokens import Page, page_of
from ondemand.shards import Shard, id_of

MAX_LISTED = 1_000
MAX_DESCRIBED = 100
_EXCLUDED_BY_TOKEN = (
    *("StreamName", "StreamARN", "StreamCreationTimestamp"),
    *("ExclusiveStartShardId", "ShardFilter"),
)

Body = Mapping[str, Any]
Chosen = Callable[[ShardLog], bool]


def list_shards(stream: ModelledStream, body: Body, now: float) -> bytes:
    """ListShards: what the filter chooses, closed shards included, up to MAX_LISTED a page."""
    stream.advance(now)
    page = _page(stream, body, now)
    chosen = _filter(stream, orjson.loads(page.shard_filter), now)
    found = [log for log in _after(stream, page.after) if chosen(log)]
    limit = min(MAX_LISTED, body.get("MaxResults", MAX_LISTED))
    answer: dict[str, Any] = {"Shards": [described(log) for log in found[:limit]]}
    if len(found) > limit:
        last = found[limit - 1].shard.shard_id
        answer["NextToken"] = str(Page(stream.name, now, last, page.shard_filter))
    return orjson.dumps(answer)


def described_page(stream: ModelledStream, body: Body) -> dict[str, Any]:
    """What DescribeStream says of the shards: at most MAX_DESCRIBED, and whether that is all."""
    found = _after(stream, body.get("ExclusiveStartShardId", ""))
    limit = min(MAX_DESCRIBED, body.get("Limit", MAX_DESCRIBED))
    return {
        "Shards": [described(log) for log in found[:limit]],
        "HasMoreShards": len(found) > limit,
    }


def described(log: ShardLog) -> dict[str, Any]:
    """A shard as ListShards and DescribeStream show it."""
    shard = log.shard
    sequence = {"StartingSequenceNumber": sequence_number(log.starting)}
    if log.ending is not None:
        sequence["EndingSequenceNumber"] = sequence_number(log.ending)
    answer: dict[str, Any] = {
        "ShardId": shard.shard_id,
        "HashKeyRange": hash_range(shard),
        "SequenceNumberRange": sequence,
    }
    if shard.parent is not None:
        answer["ParentShardId"] = id_of(shard.parent)
    if shard.adjacent_parent is not None:
        answer["AdjacentParentShardId"] = id_of(shard.adjacent_parent)
    return answer


def hash_range(shard: Shard) -> dict[str, str]:
    """A shard's hash keys, as the API writes them."""
    return {"StartingHashKey": str(shard.start), "EndingHashKey": str(shard.end)}


def _page(stream: ModelledStream, body: Body, now: float) -> Page:
    if "NextToken" not in body:
        after = body.get("ExclusiveStartShardId", "")
        wanted = body.get("ShardFilter", {"Type": "FROM_TRIM_HORIZON"})
        return Page(stream.name, now, after, orjson.dumps(wanted).decode())
    for name in _EXCLUDED_BY_TOKEN:
        if name in body:
            message = f"NextToken and {name} cannot be provided together."
            raise Refusal("InvalidArgumentException", message)
    return page_of(body["NextToken"], now)


def _after(stream: ModelledStream, shard_id: str) -> list[ShardLog]:
    return [log for log in stream.shards if log.shard.shard_id > shard_id]


def _filter(stream: ModelledStream, wanted: Body, now: float) -> Chosen:
    """What a ShardFilter chooses; Refusal if it can't be read. A shard is open until it closes."""
    kind = wanted["Type"]
    horizon = max(stream.began, now - RETENTION_SECONDS)
    if kind == "AFTER_SHARD_ID":
        first = _property(wanted, "ShardId")
        return lambda log: log.shard.shard_id > first
    if kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP"):
        moment = float(_property(wanted, "Timestamp"))
        if kind == "FROM_TIMESTAMP":
            return lambda log: log.closed is None or log.closed >= max(moment, horizon)
        return lambda log: log.opened <= moment and (log.closed is None or log.closed >= moment)
    simple: Mapping[str, Chosen] = {
        "FROM_TRIM_HORIZON": lambda _: True,
        "AT_TRIM_HORIZON": lambda log: (
            log.opened <= horizon and (log.closed is None or log.closed > horizon)
        ),
        "AT_LATEST": lambda log: log.closed is None,
    }
    if kind not in simple:
        raise Refusal("ValidationException", f"ShardFilter's Type is {kind!r}")
    return simple[kind]


def _property(wanted: Body, name: str) -> Any:
    if name not in wanted:
        message = f"ShardFilter of type {wanted['Type']} needs {name}."
        raise Refusal("InvalidArgumentException", message)
    return wanted[name]
