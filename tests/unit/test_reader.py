"""The independent reader sees every record of a stream, also those inside KPL aggregates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

import pytest
from aws_kinesis_agg.aggregator import AggRecord

from local.reader import RECORDS_PER_CALL, Found, Post, Unreadable, parse, read_stream

ARRIVED = 1_800_000_000.25
TOLD_NOTHING: dict[str, Any] = {"ResponseMetadata": {"HTTPHeaders": {}}}
MAGIC = b"\xf3\x89\x9a\xc2"


def post(number: int, **changes: object) -> bytes:
    fields = {"demo_id": "demo", "phase": 2, "producer": "pool-0", "sequence": number}
    return json.dumps({**fields, **changes, "content": "São Paulo 東京"}).encode()


def found(number: int) -> Post:
    return Post("demo", 2, "pool-0", number, 1_800_000_000_250)


def packed(*datas: bytes) -> bytes:
    """An aggregate, made by AWS's own library."""
    aggregate = AggRecord()
    for number, data in enumerate(datas):
        assert aggregate.add_user_record(f"key-{number % 3}", data)
    contents: bytes = aggregate.get_contents()[2]
    return contents


def framed(message: bytes) -> bytes:
    return MAGIC + message + md5(message, usedforsecurity=False).digest()


class Stream:
    """A stream of some shards, as far as a reader sees it."""

    def __init__(self, *shards: Sequence[bytes]) -> None:
        self._shards = shards

    def list_shards(self, **parameters: Any) -> dict[str, Any]:
        """One shard a page."""
        number = int(parameters.get("NextToken", 0))
        more = {"NextToken": str(number + 1)} if number + 1 < len(self._shards) else {}
        return {"Shards": [{"ShardId": str(number)}], **more}

    def get_shard_iterator(self, **parameters: Any) -> dict[str, Any]:
        assert parameters["ShardIteratorType"] == "TRIM_HORIZON"
        return {"ShardIterator": f"{parameters['ShardId']}/0", **TOLD_NOTHING}

    def get_records(self, **parameters: Any) -> dict[str, Any]:
        shard, start = map(int, parameters["ShardIterator"].split("/"))
        records = self._shards[shard][start : start + parameters["Limit"]]
        arrived = datetime.fromtimestamp(ARRIVED, UTC)
        return {
            "Records": [{"Data": d, "ApproximateArrivalTimestamp": arrived} for d in records],
            "NextShardIterator": f"{shard}/{start + len(records)}",
            "MillisBehindLatest": 0 if start + len(records) == len(self._shards[shard]) else 1,
            **TOLD_NOTHING,
        }


def read(*shards: Sequence[bytes]) -> list[Found]:
    stream: Any = Stream(*shards)
    return list(read_stream(stream, "posts"))


def test_plain_records_and_aggregates_are_read_alike_and_in_order() -> None:
    rest = packed(*map(post, range(4, 300)))
    assert read([post(0), packed(post(1), post(2)), post(3)], [], [rest]) == [
        found(number) for number in range(300)
    ]


def test_a_shard_is_read_to_its_end_however_many_calls_that_takes() -> None:
    number = 2 * RECORDS_PER_CALL + 1
    assert read([post(n) for n in range(number)]) == [found(n) for n in range(number)]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[]", b"7", b"{}", post(0, phase="two")])
def test_what_is_no_post_is_unreadable_inside_an_aggregate_too(data: bytes) -> None:
    assert parse(data, ARRIVED) == Unreadable(data)
    assert read([packed(post(0), data, post(1))]) == [found(0), Unreadable(data), found(1)]


@pytest.mark.parametrize("position", [4, 5, 40, -17, -16, -1])
def test_an_aggregate_with_a_flipped_bit_is_unreadable_as_a_whole(position: int) -> None:
    damaged = bytearray(packed(post(0), post(1)))
    damaged[position] ^= 1
    assert read([bytes(damaged), post(2)]) == [Unreadable(bytes(damaged)), found(2)]


@pytest.mark.parametrize(
    "data",
    [
        MAGIC,
        MAGIC + bytes(10),
        packed(post(0))[:-1],
        framed(b"\x1a\xff"),
    ],
)
def test_what_only_begins_like_an_aggregate_is_unreadable(data: bytes) -> None:
    assert read([data]) == [Unreadable(data)]
