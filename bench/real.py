"""Section *real*: the worker against a Kinesis server that is none of ours, read back, counted.

The embedded AWS (MiniStack) keeps every record, so it can't take the paces that the sink can; what
it shows is that a stream holds what the ledger says. AWS's own decoder opens the aggregates.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_kinesis_agg.deaggregator import iter_deaggregate_records
from botocore.exceptions import BotoCoreError, ClientError

from bench.client_process import STOP_SECONDS, STREAM, ClientProcess
from bench.contenders import worker
from bench.costs import Say
from bench.errors import BenchError, CountsDisagree
from local.platform import credentials_of
from local.stack import REGION, EmbeddedStack, StackError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

SHARDS = 4
START_SECONDS = 0.8
SETTLE_SECONDS = 2.0
RECORDS_PER_READ = 10_000
"""Source: Kinesis API reference, GetRecords, Limit."""


@dataclass(frozen=True)
class Reading:
    """One run against the embedded AWS. Counts are user records."""

    title: str
    aggregated: bool
    rate: int
    delivered: int
    """By the ledger."""
    found: int
    """In the stream."""
    missed: int
    micros_per_record: float
    failure: str | None = None


def measure_real(folder: Path, seconds: float, say: Say) -> list[Reading]:
    """Run unaggregated and aggregated, each into a stack of its own under `folder`."""
    readings = []
    for title, rate, aggregated in (
        ("one record each", 2_000, False),
        ("aggregated", 10_000, True),
    ):
        say(f"real   {title}, {rate:,}/s …")
        try:
            with EmbeddedStack(folder / title.replace(" ", "-")) as stack:
                reading = _read(stack, title, rate, aggregated, seconds)
            say(f"real   {title}: {reading.delivered:,} delivered, {reading.found:,} found")
        except (BenchError, StackError, BotoCoreError, ClientError) as error:
            reading = Reading(title, aggregated, rate, 0, 0, 0, 0.0, str(error))
            say(f"real   {title}: failed: {error}")
        readings.append(reading)
    return readings


def _read(stack: EmbeddedStack, title: str, rate: int, aggregated: bool, seconds: float) -> Reading:
    session = boto3.Session(**credentials_of(stack), region_name=REGION)
    kinesis = session.client("kinesis", endpoint_url=stack.endpoint)
    kinesis.create_stream(StreamName=STREAM, ShardCount=SHARDS)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM, WaiterConfig={"Delay": 1})
    totals, cpu_seconds, lasted = _send(stack, rate, aggregated, seconds)
    found = sum(1 for _ in _user_records(kinesis))
    if found != totals["delivered"]:
        raise CountsDisagree(f"{totals['delivered']:,} by the ledger, {found:,} in the stream")
    return Reading(
        title=title,
        aggregated=aggregated,
        rate=rate,
        delivered=totals["delivered"],
        found=found,
        missed=totals["missed"],
        micros_per_record=cpu_seconds / lasted / rate * 1e6,
    )


def _send(
    stack: EmbeddedStack, rate: int, aggregated: bool, seconds: float
) -> tuple[dict[str, Any], float, float]:
    """Let the worker send; return its ledger and the CPU seconds it used in how many seconds."""
    contender = worker(str(rate), aggregated=aggregated)
    ends_at = time.time() + START_SECONDS + seconds
    environment = {
        **stack.client_environment,
        **contender.settings,
        "PHASE_ENDS_AT": f"{ends_at:.3f}",
    }
    with ClientProcess(contender.module, environment) as client:
        time.sleep(SETTLE_SECONDS)
        before, started = client.usage(), time.monotonic()
        time.sleep(max(0.0, ends_at - 0.2 - time.time()))
        after, lasted = client.usage(), time.monotonic() - started
        totals = client.finish(STOP_SECONDS)
    return totals, after.cpu_seconds - before.cpu_seconds, lasted


def _user_records(kinesis: KinesisClient) -> Iterator[Any]:
    """Every user record of the stream, aggregates opened."""
    for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
        iterator: str | None = kinesis.get_shard_iterator(
            StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator is not None:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=RECORDS_PER_READ)
            yield from iter_deaggregate_records(answer["Records"], data_format="Boto3")
            at_end = not answer["Records"] and answer.get("MillisBehindLatest", 0) == 0
            iterator = None if at_end else answer.get("NextShardIterator")
