"""The stream under load, as far as the report shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient


@dataclass(frozen=True)
class StreamSize:
    """How many shards take records now."""

    name: str
    open_shards: int


def size(kinesis: KinesisClient, name: str) -> StreamSize:
    """One call, of which AWS allows 20 a second and account (botocore: DescribeStreamSummary)."""
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return StreamSize(name, summary["OpenShardCount"])
