"""Streams are made ready and taken away step by step, as Kinesis says by their status."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from chalicelib import clients
from chalicelib.errors import DemoStopped, StreamNotReady, StreamTaken
from chalicelib.stream import READY_SECONDS, Streams
from tests import control_plane

BEGAN = 1_800_000_000.0
NAME = "kinesis-demo-test-demo-x"


class Clock:
    """Time passes only in sleep."""

    def __init__(self) -> None:
        self.now = BEGAN

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    with control_plane.stubbed(monkeypatch, clients.kinesis) as stub:
        yield stub


@pytest.fixture
def streams(kinesis: Stubber, clock: Clock) -> Streams:  # noqa: ARG001
    return Streams(clients.kinesis(), lambda: clock.now, clock.sleep)


def add(stub: Stubber, status: str, **more: Any) -> None:
    """The next look finds this."""
    summary = {
        "StreamName": NAME,
        "StreamARN": f"arn:aws:kinesis:us-east-1:123456789012:stream/{NAME}",
        "StreamStatus": status,
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": datetime.fromtimestamp(BEGAN + 1, UTC),
        "EnhancedMonitoring": [],
        "OpenShardCount": 4,
        **more,
    }
    stub.add_response("describe_stream_summary", {"StreamDescriptionSummary": summary})


def add_none(stub: Stubber) -> None:
    """The next look finds no stream."""
    stub.add_client_error("describe_stream_summary", service_error_code="ResourceNotFoundException")


def add_created(stub: Stubber, mibps: int | None = None) -> None:
    wanted: dict[str, Any] = {"StreamName": NAME, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    if mibps is not None:
        wanted["WarmThroughputMiBps"] = mibps
    stub.add_response("create_stream", {}, wanted)


def add_encrypted(stub: Stubber) -> None:
    wanted = {"StreamName": NAME, "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    stub.add_response("start_stream_encryption", {}, wanted)


def make(streams: Streams, mibps: int | None = None, wanted: bool = True) -> None:
    streams.make(NAME, mibps, BEGAN, still_wanted=lambda: wanted)


@pytest.mark.parametrize("mibps", [None, 500])
def test_a_fresh_stream_is_made_encrypted_and_awaited(
    streams: Streams, kinesis: Stubber, mibps: int | None
) -> None:
    add_none(kinesis)
    add_created(kinesis, mibps)
    add(kinesis, "CREATING")
    add(kinesis, "ACTIVE", EncryptionType="NONE")
    add_encrypted(kinesis)
    add(kinesis, "ACTIVE", EncryptionType="NONE")  # eventually consistent: not asked for twice
    add(kinesis, "UPDATING", EncryptionType="NONE")
    add(kinesis, "ACTIVE", EncryptionType="KMS")
    make(streams, mibps)


def test_a_second_try_goes_on_where_the_first_one_ended(streams: Streams, kinesis: Stubber) -> None:
    add(kinesis, "UPDATING", EncryptionType="NONE")
    add(kinesis, "ACTIVE", EncryptionType="KMS")
    make(streams)


def test_a_stream_that_another_try_has_just_made_is_taken_for_what_it_is(
    streams: Streams, kinesis: Stubber
) -> None:
    add_none(kinesis)
    kinesis.add_client_error("create_stream", service_error_code="ResourceInUseException")
    add(kinesis, "ACTIVE", EncryptionType="KMS")
    make(streams)


def test_a_stream_that_was_there_before_the_demo_is_left_alone(
    streams: Streams, kinesis: Stubber
) -> None:
    older = datetime.fromtimestamp(BEGAN - 3_600, UTC)
    add(kinesis, "ACTIVE", StreamCreationTimestamp=older)
    with pytest.raises(StreamTaken, match="left alone"):
        make(streams)
    add(kinesis, "ACTIVE", StreamCreationTimestamp=older)
    assert streams.remove(NAME, BEGAN, patience=10)


def test_no_stream_is_made_for_a_demo_that_was_stopped(streams: Streams, kinesis: Stubber) -> None:
    add_none(kinesis)
    with pytest.raises(DemoStopped):
        make(streams, wanted=False)


def test_a_stream_that_takes_long_is_left_for_the_next_try(
    streams: Streams, kinesis: Stubber, clock: Clock
) -> None:
    for _ in range(29):
        add(kinesis, "CREATING")
    with pytest.raises(StreamNotReady):
        make(streams)
    assert READY_SECONDS - 2 <= clock.now - BEGAN <= READY_SECONDS


def test_a_stream_that_is_going_is_waited_for_and_made_anew(
    streams: Streams, kinesis: Stubber
) -> None:
    add(kinesis, "DELETING")
    add_none(kinesis)
    add_created(kinesis)
    add(kinesis, "ACTIVE", EncryptionType="KMS")
    make(streams)


# The stack's stream


def add_warmed(stub: Stubber) -> None:
    wanted = {"StreamName": NAME, "WarmThroughputMiBps": 200}
    stub.add_response("update_stream_warm_throughput", {}, wanted)


def test_the_kept_stream_is_warmed_and_awaited(streams: Streams, kinesis: Stubber) -> None:
    add(kinesis, "UPDATING", WarmThroughput={"TargetMiBps": 50, "CurrentMiBps": 4})
    add(kinesis, "ACTIVE", WarmThroughput={"TargetMiBps": 50, "CurrentMiBps": 50})
    add_warmed(kinesis)
    add(kinesis, "UPDATING", WarmThroughput={"TargetMiBps": 200, "CurrentMiBps": 50})
    add(kinesis, "ACTIVE", WarmThroughput={"TargetMiBps": 200, "CurrentMiBps": 200})
    streams.warm(NAME, 200)


def test_a_stream_that_is_warm_already_is_not_warmed_again(
    streams: Streams, kinesis: Stubber
) -> None:
    add(kinesis, "ACTIVE", WarmThroughput={"TargetMiBps": 200, "CurrentMiBps": 200})
    streams.warm(NAME, 200)


def test_what_aws_says_of_too_much_warmth_is_passed_on(streams: Streams, kinesis: Stubber) -> None:
    add(kinesis, "ACTIVE")
    kinesis.add_client_error(
        "update_stream_warm_throughput",
        service_error_code="InvalidArgumentException",
        service_message="at most 200 MiB/s in this region",
    )
    with pytest.raises(ClientError, match="at most 200"):
        streams.warm(NAME, 200)


def test_warming_that_takes_long_is_left_for_the_next_try(
    streams: Streams, kinesis: Stubber
) -> None:
    add(kinesis, "ACTIVE")
    add_warmed(kinesis)
    for _ in range(28):
        add(kinesis, "UPDATING")
    with pytest.raises(StreamNotReady, match="200 MiB/s"):
        streams.warm(NAME, 200)


# Taking away


def add_deleted(stub: Stubber) -> None:
    stub.add_response("delete_stream", {}, {"StreamName": NAME, "EnforceConsumerDeletion": True})


def test_a_stream_is_deleted_as_soon_as_it_can_be(streams: Streams, kinesis: Stubber) -> None:
    add(kinesis, "CREATING")
    add(kinesis, "ACTIVE")
    add_deleted(kinesis)
    assert streams.remove(NAME, BEGAN, patience=10)


def test_a_stream_that_cannot_be_deleted_yet_is_said_to_be_there(
    streams: Streams, kinesis: Stubber
) -> None:
    add(kinesis, "UPDATING")
    assert not streams.remove(NAME, BEGAN, patience=0)


def test_a_stream_that_is_gone_or_going_needs_no_deleting(
    streams: Streams, kinesis: Stubber
) -> None:
    add_none(kinesis)
    assert streams.remove(NAME, BEGAN, patience=0)
    add(kinesis, "DELETING")
    assert streams.remove(NAME, BEGAN, patience=0)
    add(kinesis, "ACTIVE")
    kinesis.add_client_error("delete_stream", service_error_code="ResourceNotFoundException")
    assert streams.remove(NAME, BEGAN, patience=0)


def test_a_stream_that_another_is_faster_with_is_looked_at_again(
    streams: Streams, kinesis: Stubber
) -> None:
    add(kinesis, "ACTIVE")
    kinesis.add_client_error("delete_stream", service_error_code="ResourceInUseException")
    add(kinesis, "DELETING")
    assert streams.remove(NAME, BEGAN, patience=10)
    add(kinesis, "ACTIVE")
    kinesis.add_client_error("delete_stream", service_error_code="ResourceInUseException")
    assert not streams.remove(NAME, BEGAN, patience=0)


def test_a_stream_that_is_gone_has_no_shards(streams: Streams, kinesis: Stubber) -> None:
    add_none(kinesis)
    assert streams.size_if_any(NAME).open_shards is None
