"""The embedded stack's streams behave as on-demand ones: seen by boto3, as any client sees them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.stack import EmbeddedStack
from tests.clients import client_of, new_stream
from tests.e2e.demos import PATIENCE_SECONDS, wait_until

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

TIME_SCALE = 300
"""A shard that takes too much is split three seconds later."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    settings = {"ON_DEMAND_MODEL": "on", "TIME_SCALE": str(TIME_SCALE)}
    with EmbeddedStack(tmp_path_factory.mktemp("kinesis"), settings) as running:
        yield running


def client(stack: EmbeddedStack, service: Any) -> Any:
    return client_of(stack, service, retries={"total_max_attempts": 1})


@pytest.fixture
def kinesis(stack: EmbeddedStack) -> KinesisClient:
    found: KinesisClient = client(stack, "kinesis")
    return found


@pytest.fixture
def stream(kinesis: KinesisClient, request: pytest.FixtureRequest) -> str:
    return new_stream(kinesis, request.node.name)


def put(kinesis: KinesisClient, stream: str, first: int, number: int) -> dict[str, Any]:
    """Send records named by their number, each under a key of its own."""
    entries: list[Any] = [
        {"Data": f"{n}".encode(), "PartitionKey": f"key-{n}"} for n in range(first, first + number)
    ]
    return dict(kinesis.put_records(StreamName=stream, Records=entries))


def put_to_one_shard(kinesis: KinesisClient, stream: str) -> list[Any]:
    """Send 500 records of one key, of which a shard takes a thousand a second."""
    entries: list[Any] = [{"Data": b"0", "PartitionKey": "hot"}] * 500
    return list(kinesis.put_records(StreamName=stream, Records=entries)["Records"])


def send_all(kinesis: KinesisClient, stream: str, total: int) -> int:
    """Send until everything is taken; return how many entries were refused on the way."""
    waiting = list(range(total))
    refused = 0
    while waiting:
        now, waiting = waiting[:500], waiting[500:]
        entries: list[Any] = [{"Data": f"{n}".encode(), "PartitionKey": f"key-{n}"} for n in now]
        answer = kinesis.put_records(StreamName=stream, Records=entries)
        again = [n for n, entry in zip(now, answer["Records"], strict=True) if "ErrorCode" in entry]
        assert len(again) == answer["FailedRecordCount"]
        refused += len(again)
        waiting += again
    return refused


def read_all(kinesis: KinesisClient, stream: str) -> tuple[Counter[bytes], int]:
    """Read every shard to its end, from the oldest to its children; count the shards."""
    found: Counter[bytes] = Counter()
    todo = {
        shard["ShardId"]
        for shard in kinesis.list_shards(
            StreamName=stream, ShardFilter={"Type": "AT_TRIM_HORIZON"}
        )["Shards"]
        if "ParentShardId" not in shard
    }
    seen: set[str] = set()
    while todo:
        shard_id = todo.pop()
        seen.add(shard_id)
        iterator: str | None = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=1_000)
            found.update(record["Data"] for record in answer["Records"])
            todo |= {child["ShardId"] for child in answer.get("ChildShards", [])} - seen
            iterator = answer.get("NextShardIterator")
            if not answer["Records"] and answer["MillisBehindLatest"] == 0:
                break
    return found, len(seen)


def test_a_shard_throttles_beyond_a_thousand_records_a_second_entry_by_entry(
    kinesis: KinesisClient, stream: str
) -> None:
    began = time.monotonic()
    refused: list[Any] = []
    taken: Counter[str] = Counter()
    while len(refused) < 1_000:
        assert time.monotonic() < began + PATIENCE_SECONDS
        answered = put_to_one_shard(kinesis, stream)
        refused += [entry for entry in answered if "ErrorCode" in entry]
        taken.update(entry["ShardId"] for entry in answered if "ErrorCode" not in entry)
    # The seconds that have begun, and one more: the service's begin elsewhere.
    seconds = int(time.monotonic() - began) + 2
    assert 0 < max(taken.values()) <= 1_000 * seconds
    assert {entry["ErrorCode"] for entry in refused} == {"ProvisionedThroughputExceededException"}
    assert refused[0]["ErrorMessage"].startswith("Rate exceeded for shard shardId-00000000000")
    assert f"in stream {stream} under account" in refused[0]["ErrorMessage"]
    assert "SequenceNumber" not in refused[0]


def test_a_stream_under_load_splits_and_every_record_is_read_across_the_splits(
    kinesis: KinesisClient, stream: str
) -> None:
    assert shards(kinesis, stream) == 4

    def split() -> bool:
        put_to_one_shard(kinesis, stream)
        return shards(kinesis, stream) > 4

    wait_until("a split", split)
    send_all(kinesis, stream, 3_000)

    def reading() -> tuple[list[Any], int, tuple[Counter[bytes], int]] | None:
        now: list[Any] = kinesis.list_shards(StreamName=stream)["Shards"]
        seen = now, shards(kinesis, stream), read_all(kinesis, stream)
        return seen if kinesis.list_shards(StreamName=stream)["Shards"] == now else None

    listed, still_open, (found, count) = wait_until("a reading that no split came into", reading)
    closed = [s for s in listed if "EndingSequenceNumber" in s["SequenceNumberRange"]]
    assert len(listed) - len(closed) == still_open > 4
    assert_partition([s for s in listed if s not in closed])
    assert count == len(listed)
    assert set(range(3_000)) <= {int(data) for data in found}


def shards(kinesis: KinesisClient, stream: str) -> int:
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    return summary["OpenShardCount"]


def assert_partition(listed: list[Any]) -> None:
    ranges = sorted(
        (int(s["HashKeyRange"]["StartingHashKey"]), int(s["HashKeyRange"]["EndingHashKey"]))
        for s in listed
    )
    assert (ranges[0][0], ranges[-1][1]) == (0, 2**128 - 1)
    assert all(left[1] + 1 == right[0] for left, right in pairwise(ranges))


def test_what_was_taken_is_read_back_once_and_as_it_was(
    kinesis: KinesisClient, stream: str
) -> None:
    send_all(kinesis, stream, 2_500)
    found, _ = read_all(kinesis, stream)
    assert found == Counter({f"{n}".encode(): 1 for n in range(2_500)})


def test_iterators_start_where_they_are_told(kinesis: KinesisClient, stream: str) -> None:
    answers = [
        kinesis.put_record(StreamName=stream, Data=f"{n}".encode(), PartitionKey="one")
        for n in range(5)
    ]
    shard = answers[0]["ShardId"]
    third = answers[2]["SequenceNumber"]

    def read(**where: Any) -> list[bytes]:
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, **where)
        records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        return [record["Data"] for record in records]

    every = [b"0", b"1", b"2", b"3", b"4"]
    at, after = "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"
    assert read(ShardIteratorType="TRIM_HORIZON") == every
    assert read(ShardIteratorType=at, StartingSequenceNumber=third) == every[2:]
    assert read(ShardIteratorType=after, StartingSequenceNumber=third) == every[3:]
    assert read(ShardIteratorType="LATEST") == []
    past = datetime.now(UTC) - timedelta(minutes=1)
    assert read(ShardIteratorType="AT_TIMESTAMP", Timestamp=past) == every


def test_a_record_throttled_alone_is_an_error(kinesis: KinesisClient, stream: str) -> None:
    large = b"x" * 700_000

    def put_many() -> None:
        for _ in range(60):
            kinesis.put_record(StreamName=stream, Data=large, PartitionKey="hot")

    with pytest.raises(kinesis.exceptions.ProvisionedThroughputExceededException):
        put_many()


def test_warm_throughput_is_there_some_time_after_it_was_asked_for(
    kinesis: KinesisClient, stream: str
) -> None:
    answer = kinesis.update_stream_warm_throughput(StreamName=stream, WarmThroughputMiBps=20)
    assert answer["WarmThroughput"]["TargetMiBps"] == 20
    with pytest.raises(kinesis.exceptions.InvalidArgumentException, match="give 0 to 10240"):
        kinesis.update_stream_warm_throughput(StreamName=stream, WarmThroughputMiBps=10_241)
    wait_until("twenty shards", lambda: shards(kinesis, stream) == 20)


def test_an_account_that_has_committed_itself_creates_streams_that_are_warm(
    kinesis: KinesisClient,
) -> None:
    enabled: Any = {"Status": "ENABLED"}
    kinesis.update_account_settings(MinimumThroughputBillingCommitment=enabled)
    settings = kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]
    assert settings["Status"] == "ENABLED"
    kinesis.create_stream(
        StreamName="warm", StreamModeDetails={"StreamMode": "ON_DEMAND"}, WarmThroughputMiBps=12
    )
    summary = kinesis.describe_stream_summary(StreamName="warm")["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 12
    assert summary["WarmThroughput"] == {"TargetMiBps": 12, "CurrentMiBps": 12}


def test_an_on_demand_stream_refuses_to_be_resharded_by_hand_and_to_be_fanned_out(
    kinesis: KinesisClient, stream: str
) -> None:
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
        "StreamARN"
    ]
    with pytest.raises(ClientError, match="fan-out is not modelled"):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")
    with pytest.raises(ClientError, match="on-demand"):
        kinesis.split_shard(
            StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey="1"
        )


def test_a_deleted_streams_records_are_gone_also_for_one_of_the_same_name(
    kinesis: KinesisClient, stream: str
) -> None:
    put(kinesis, stream, 0, 10)
    kinesis.delete_stream(StreamName=stream)
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        put(kinesis, stream, 0, 10)
    kinesis.create_stream(StreamName=stream, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert read_all(kinesis, stream)[0] == Counter()


def test_a_request_beyond_the_limits_is_refused_whole(kinesis: KinesisClient, stream: str) -> None:
    entries: list[Any] = [{"Data": b"x" * (1 << 20), "PartitionKey": f"{n}"} for n in range(11)]
    with pytest.raises(kinesis.exceptions.InvalidArgumentException, match="exceeds"):
        kinesis.put_records(StreamName=stream, Records=entries)
    with pytest.raises(ClientError, match="from 1 to 500"):
        put(kinesis, stream, 0, 501)
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        put(kinesis, "no-such-stream", 0, 1)


def test_cloudwatch_is_told_what_came_and_what_was_throttled(
    stack: EmbeddedStack, kinesis: KinesisClient, stream: str
) -> None:
    throttled = sum("ErrorCode" in e for _ in range(12) for e in put_to_one_shard(kinesis, stream))
    time.sleep(1.1)
    shards(kinesis, stream)
    cloudwatch = client(stack, "cloudwatch")
    now = datetime.now(UTC)

    def total(metric: str) -> float:
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/Kinesis",
            MetricName=metric,
            Dimensions=[{"Name": "StreamName", "Value": stream}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in answer["Datapoints"]))

    assert total("WriteProvisionedThroughputExceeded") == throttled > 0
    assert total("IncomingRecords") == 6_000 - throttled
    assert total("IncomingBytes") > 0


def test_a_provisioned_stream_is_the_emulators_own_iterators_included(
    kinesis: KinesisClient,
) -> None:
    kinesis.create_stream(StreamName="provisioned", ShardCount=2)
    put(kinesis, "provisioned", 0, 500)
    assert read_all(kinesis, "provisioned")[0].total() == 500
