"""The data plane's shards, iterators and lists, at any time that is asked for."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson
import pytest

from local.kinesis.listing import MAX_DESCRIBED, described_page
from local.kinesis.log import StreamLog
from local.kinesis.operations import OPERATIONS
from local.kinesis.requests import Refusal
from local.kinesis.stream import RETENTION_SECONDS, ModelledStream
from ondemand.policy import Policy
from ondemand.stream import OnDemandStream

BEGAN = 1_000.0
FIRST_FOUR = [f"shardId-{number:012d}" for number in range(4)]


@pytest.fixture
def stream() -> ModelledStream:
    """Four shards, which split when they get more than half of what they take for a second."""
    model = OnDemandStream(Policy().faster(900))
    return ModelledStream("s", "0" * 12, model, StreamLog(model.shards, BEGAN), BEGAN)


def ask(stream: ModelledStream, operation: str, now: float, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = orjson.loads(OPERATIONS[operation](stream, body, now))
    return answer


def fill(stream: ModelledStream, now: float) -> None:
    """Send 3,000 records over all shards within one second."""
    for batch in range(6):
        entries = [
            {"Data": "eA==", "PartitionKey": f"key-{batch}-{number}"} for number in range(500)
        ]
        ask(stream, "PutRecords", now, Records=entries)


def listed(stream: ModelledStream, now: float, **shard_filter: Any) -> list[str]:
    answer = ask(stream, "ListShards", now, StreamName="s", ShardFilter=shard_filter)
    return [shard["ShardId"] for shard in answer["Shards"]]


def test_a_filter_chooses_shards_by_when_they_were_open(stream: ModelledStream) -> None:
    fill(stream, BEGAN)
    split = BEGAN + 1
    now = BEGAN + 5
    children = listed(stream, now, Type="AT_LATEST")
    assert len(children) == 8
    assert not set(children) & set(FIRST_FOUR)
    assert listed(stream, now, Type="AT_TRIM_HORIZON") == FIRST_FOUR
    assert listed(stream, now, Type="FROM_TRIM_HORIZON") == [*FIRST_FOUR, *children]
    assert listed(stream, now, Type="AT_TIMESTAMP", Timestamp=split - 0.5) == FIRST_FOUR
    assert listed(stream, now, Type="AT_TIMESTAMP", Timestamp=split + 0.5) == children
    assert listed(stream, now, Type="FROM_TIMESTAMP", Timestamp=split + 0.5) == children
    assert len(listed(stream, now, Type="FROM_TIMESTAMP", Timestamp=0)) == 12
    assert listed(stream, now, Type="AFTER_SHARD_ID", ShardId=children[5]) == children[6:]


def test_a_closed_shard_is_listed_until_its_records_have_expired(stream: ModelledStream) -> None:
    fill(stream, BEGAN)
    almost = BEGAN + RETENTION_SECONDS - 60
    assert set(FIRST_FOUR) <= set(listed(stream, almost, Type="FROM_TRIM_HORIZON"))
    later = BEGAN + RETENTION_SECONDS + 60
    remaining = listed(stream, later, Type="FROM_TRIM_HORIZON")
    assert not set(FIRST_FOUR) & set(remaining)
    assert remaining[0] == listed(stream, later, Type="AT_TRIM_HORIZON")[0]


@pytest.mark.parametrize(
    ("shard_filter", "says"),
    [
        ({"Type": "AFTER_SHARD_ID"}, "needs ShardId"),
        ({"Type": "AT_TIMESTAMP"}, "needs Timestamp"),
        ({"Type": "LATEST"}, "is 'LATEST'"),
    ],
)
def test_a_filter_that_cant_be_read_is_refused(
    stream: ModelledStream, shard_filter: dict[str, str], says: str
) -> None:
    with pytest.raises(Refusal, match=says):
        listed(stream, BEGAN, **shard_filter)


def test_a_list_goes_on_with_its_filter_by_a_token_that_stands_alone(
    stream: ModelledStream,
) -> None:
    fill(stream, BEGAN)
    now = BEGAN + 5
    latest = {"Type": "AT_LATEST"}
    page = ask(stream, "ListShards", now, StreamName="s", ShardFilter=latest, MaxResults=3)
    found = page["Shards"]
    while "NextToken" in page:
        page = ask(stream, "ListShards", now, NextToken=page["NextToken"], MaxResults=3)
        assert len(page["Shards"]) <= 3
        found += page["Shards"]
    assert [shard["ShardId"] for shard in found] == listed(stream, now, **latest)
    token = ask(stream, "ListShards", now, StreamName="s", MaxResults=1)["NextToken"]
    for also in ({"StreamName": "s"}, {"ShardFilter": latest}):
        with pytest.raises(Refusal, match="cannot be provided together"):
            ask(stream, "ListShards", now, NextToken=token, **also)


def test_describe_stream_pages_a_hundred_shards_at_a_time(stream: ModelledStream) -> None:
    stream.warm(130)
    stream.advance(BEGAN + 5)
    first = described_page(stream, {"StreamName": "s", "Limit": 5_000})
    assert (len(first["Shards"]), first["HasMoreShards"]) == (MAX_DESCRIBED, True)
    found = first["Shards"]
    while first["HasMoreShards"]:
        first = described_page(stream, {"ExclusiveStartShardId": found[-1]["ShardId"]})
        found += first["Shards"]
    assert [shard["ShardId"] for shard in found] == listed(
        stream, BEGAN + 5, Type="FROM_TRIM_HORIZON"
    )


def test_iterators_and_tokens_expire_after_five_minutes(stream: ModelledStream) -> None:
    where = {"ShardId": FIRST_FOUR[0], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = ask(stream, "GetShardIterator", BEGAN, **where)["ShardIterator"]
    token = ask(stream, "ListShards", BEGAN, StreamName="s", MaxResults=1)["NextToken"]
    again = ask(stream, "GetRecords", BEGAN + 300, ShardIterator=iterator)["NextShardIterator"]
    with pytest.raises(Refusal, match="tolerated delay of 300000 milliseconds") as expired:
        ask(stream, "GetRecords", BEGAN + 301, ShardIterator=iterator)
    assert expired.value.code == "ExpiredIteratorException"
    ask(stream, "GetRecords", BEGAN + 301, ShardIterator=again)
    with pytest.raises(Refusal) as expired:
        ask(stream, "ListShards", BEGAN + 301, NextToken=token)
    assert expired.value.code == "ExpiredNextTokenException"


def test_neither_a_token_nor_a_word_is_an_iterator(stream: ModelledStream) -> None:
    token = ask(stream, "ListShards", BEGAN, StreamName="s", MaxResults=1)["NextToken"]
    for text in (token, "AAAA", "no iterator"):
        with pytest.raises(Refusal, match="Invalid ShardIterator"):
            ask(stream, "GetRecords", BEGAN, ShardIterator=text)


def test_more_records_than_a_call_may_return_are_refused(stream: ModelledStream) -> None:
    where = {"ShardId": FIRST_FOUR[0], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = ask(stream, "GetShardIterator", BEGAN, **where)["ShardIterator"]
    with pytest.raises(Refusal, match="10000 at the most"):
        ask(stream, "GetRecords", BEGAN, ShardIterator=iterator, Limit=10_001)


def test_a_records_size_counts_its_key(stream: ModelledStream) -> None:
    entry = {"Data": "eHh4", "PartitionKey": "kéy"}
    ask(stream, "PutRecords", BEGAN, Records=[entry])
    assert stream.traffic().bytes == 3 + 4


def test_a_closed_shard_ends_with_its_last_records_and_names_its_children(
    stream: ModelledStream,
) -> None:
    fill(stream, BEGAN)
    now = BEGAN + 5
    where = {"ShardId": FIRST_FOUR[0], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = ask(stream, "GetShardIterator", now, **where)["ShardIterator"]
    first = ask(stream, "GetRecords", now, ShardIterator=iterator, Limit=10)
    assert "ChildShards" not in first
    rest = ask(stream, "GetRecords", now, ShardIterator=first["NextShardIterator"])
    assert "NextShardIterator" not in rest
    assert [child["ParentShards"] for child in rest["ChildShards"]] == [[FIRST_FOUR[0]]] * 2
    sequences = [record["SequenceNumber"] for record in first["Records"] + rest["Records"]]
    assert all(left < right for left, right in pairwise(sequences))
    last = ask(
        stream,
        "GetShardIterator",
        now,
        ShardId=FIRST_FOUR[0],
        ShardIteratorType="AFTER_SEQUENCE_NUMBER",
        StartingSequenceNumber=sequences[-1],
    )["ShardIterator"]
    # Whoever has read it all and comes again is told of the children, too.
    assert len(ask(stream, "GetRecords", now, ShardIterator=last)["ChildShards"]) == 2
