"""Aggregates in a real stream: on the shard that their records hash to, and whole when read back.

The servers are MiniStack and moto, the reader is aws_kinesis_agg, and the hash of a key is worked
out here: none of it is the worker's. moto goes on putting records on a shard that was split, so
only MiniStack can be asked where they go after a reshard.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from hashlib import md5
from operator import itemgetter
from time import sleep
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_kinesis_agg.deaggregator import iter_deaggregate_records
from moto import mock_aws

from local.stack import REGION, EmbeddedStack
from tests.clients import client_of
from worker.aggregator import Aggregator
from worker.record import Entry, Record
from worker.shardmap import ShardMap, read_shard_map

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

SECRET = "test"  # noqa: S105 (no real AWS takes it)
partition_key = itemgetter(0)
LINGER = 100
SHARDS = 4
ENTRIES_PER_CALL = 50
"""At 51,200 bytes each well within a request."""


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KinesisClient]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as stack:
        yield client_of(stack, "kinesis")


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[KinesisClient]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield client()


@pytest.fixture(params=["ministack", "moto"])
def kinesis(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def client() -> KinesisClient:
    session = boto3.Session(
        aws_access_key_id="test", aws_secret_access_key=SECRET, region_name=REGION
    )
    return session.client("kinesis")


def new_stream(kinesis: KinesisClient, name: str) -> str:
    kinesis.create_stream(StreamName=name, ShardCount=SHARDS)
    while status(kinesis, name) != "ACTIVE":
        sleep(0.02)
    return name


def status(kinesis: KinesisClient, stream: str) -> str:
    return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
        "StreamStatus"
    ]


def posts(first: int, last: int) -> list[Record]:
    """Records of all kinds: keys of any alphabet, data from nothing to more than an aggregate."""
    alphabets = ("user", "пользователь", "東京", "🚀")
    lengths = [*range(0, 600, 7), 5_000, 20_000, 52_000]
    return [
        Record(
            f"{number}:".encode() + bytes(lengths[number % len(lengths)]) if number % 50 else b"",
            f"{alphabets[number % 4]}-{number % 333}",
            number,
        )
        for number in range(first, last)
    ]


def put(kinesis: KinesisClient, stream: str, entries: Sequence[Entry]) -> list[str]:
    """Put the entries, and return the id of the shard that each went to."""
    went_to = []
    for start in range(0, len(entries), ENTRIES_PER_CALL):
        chunk = entries[start : start + ENTRIES_PER_CALL]
        answer = kinesis.put_records(StreamName=stream, Records=[_request(e) for e in chunk])
        assert answer["FailedRecordCount"] == 0
        went_to += [entry["ShardId"] for entry in answer["Records"]]
    return went_to


def _request(entry: Entry) -> Any:
    whose = {"Data": entry.data, "PartitionKey": entry.partition_key}
    if entry.explicit_hash_key is not None:
        whose["ExplicitHashKey"] = entry.explicit_hash_key
    return whose


def read_back(kinesis: KinesisClient, stream: str, shard_id: str) -> list[tuple[str, bytes]]:
    """Partition key and data of every user record on the shard, as aws_kinesis_agg finds them."""
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = []
    while records := (answer := kinesis.get_records(ShardIterator=iterator, Limit=100))["Records"]:
        for record in iter_deaggregate_records(records, data_format="Boto3"):
            fields = record["kinesis"]
            inside = fields.get("aggregated", False)
            data = b64decode(fields["data"]) if inside else fields["data"]
            found.append((fields["partitionKey"], data))
        iterator = answer["NextShardIterator"]
    return found


def check_shards(kinesis: KinesisClient, stream: str, sent: Sequence[Record]) -> None:
    """Every record is in the stream once, in its key's order, where Kinesis' rule calls for it."""
    listed = kinesis.list_shards(StreamName=stream)["Shards"]
    open_shards = [s for s in listed if "EndingSequenceNumber" not in s["SequenceNumberRange"]]
    assert len(open_shards) > 1
    for shard in open_shards:
        start, end = (int(shard["HashKeyRange"][k]) for k in ("StartingHashKey", "EndingHashKey"))
        belonging = [
            (record.partition_key, record.data)
            for record in sent
            if start <= int(md5(record.partition_key.encode()).hexdigest(), 16) <= end  # noqa: S324
        ]
        assert belonging
        found = read_back(kinesis, stream, shard["ShardId"])
        assert sorted(found, key=partition_key) == sorted(belonging, key=partition_key)


def expected_shards(entries: Sequence[Entry], shards: ShardMap) -> list[str]:
    return [
        shards.shard_of(entry.partition_key).shard_id
        if entry.explicit_hash_key is None
        else shards.shard_at(int(entry.explicit_hash_key)).shard_id
        for entry in entries
    ]


def test_every_record_comes_back_from_the_shard_that_its_key_belongs_to(
    kinesis: KinesisClient,
) -> None:
    stream = new_stream(kinesis, "packed")
    shards = read_shard_map(kinesis, stream)
    assert len(shards.shards) == SHARDS
    aggregator = Aggregator(shards, LINGER)
    records = posts(0, 4_000)
    entries = aggregator.add(records, 0)
    assert len(entries) > SHARDS
    entries += aggregator.drain()
    assert put(kinesis, stream, entries) == expected_shards(entries, shards)
    check_shards(kinesis, stream, records)


def split_and_merge(kinesis: KinesisClient, stream: str, shards: ShardMap) -> None:
    first, _, third, fourth = shards.shards
    kinesis.split_shard(
        StreamName=stream,
        ShardToSplit=first.shard_id,
        NewStartingHashKey=str(first.ending_hash_key // 3),
    )
    kinesis.merge_shards(
        StreamName=stream, ShardToMerge=third.shard_id, AdjacentShardToMerge=fourth.shard_id
    )


def double(kinesis: KinesisClient, stream: str, shards: ShardMap) -> None:
    kinesis.update_shard_count(
        StreamName=stream,
        TargetShardCount=2 * len(shards.shards),
        ScalingType="UNIFORM_SCALING",
    )


def halve(kinesis: KinesisClient, stream: str, shards: ShardMap) -> None:
    kinesis.update_shard_count(
        StreamName=stream,
        TargetShardCount=len(shards.shards) // 2,
        ScalingType="UNIFORM_SCALING",
    )


Reshard = Callable[["KinesisClient", str, ShardMap], None]


@pytest.mark.parametrize("reshard", [split_and_merge, double, halve])
def test_after_a_reshard_too_with_what_was_still_open_when_it_happened(
    ministack: KinesisClient, reshard: Reshard
) -> None:
    stream = new_stream(ministack, f"resharded-by-{reshard.__name__}")
    shards = read_shard_map(ministack, stream)
    aggregator = Aggregator(shards, LINGER)
    early, late = posts(0, 2_000), posts(2_000, 4_000)
    put(ministack, stream, [*aggregator.add(early, 0), *aggregator.drain()])
    check_shards(ministack, stream, early)

    waiting = [Record(b"waiting", f"key-{number}", 0) for number in range(50)]
    assert aggregator.add(waiting, 0) == []
    reshard(ministack, stream, shards)
    resharded = read_shard_map(ministack, stream)
    assert resharded != shards
    entries = [*aggregator.remap(resharded), *aggregator.add(late, 0), *aggregator.drain()]
    # MiniStack's reshards keep no record of the shards that they close.
    kept = [r for r in early if shards.shard_of(r.partition_key) in resharded.shards]
    assert put(ministack, stream, entries) == expected_shards(entries, resharded)
    check_shards(ministack, stream, [*kept, *waiting, *late])


@pytest.mark.parametrize("reshard", [split_and_merge, double])
def test_where_an_aggregate_lands_shows_that_its_shard_is_no_more(
    ministack: KinesisClient, reshard: Reshard
) -> None:
    stream = new_stream(ministack, f"surprised-by-{reshard.__name__}")
    shards = read_shard_map(ministack, stream)
    aggregator = Aggregator(shards, LINGER)
    assert aggregator.add(posts(1, 40), 0) == []
    entries = aggregator.drain()
    assert len(entries) == SHARDS
    reshard(ministack, stream, shards)
    resharded = read_shard_map(ministack, stream)
    for entry, went_to in zip(entries, put(ministack, stream, entries), strict=True):
        meant_for = shards.shard_of(entry.records[0].partition_key)
        assert (went_to == meant_for.shard_id) == (meant_for in resharded.shards)


def test_a_resharded_streams_map_leaves_closed_shards_out(moto: KinesisClient) -> None:
    stream = new_stream(moto, "resharded")
    shards = read_shard_map(moto, stream)
    split_and_merge(moto, stream, shards)
    assert len(moto.list_shards(StreamName=stream)["Shards"]) == SHARDS + 3
    resharded = read_shard_map(moto, stream)
    assert len(resharded.shards) == SHARDS
    assert set(resharded.shards) & set(shards.shards) == {shards.shards[1]}
