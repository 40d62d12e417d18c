"""The edge: reads the environment, runs the pool and prints the ledger.

Exit code 0: all records are accounted for (the ledger, one JSON line on standard output, says
how); 1: no client can be made, the shards that aggregates need can't be read, or the scoreboard or
the ledger can't be written; 2: the environment can't be read, and every bad variable is named on
standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from worker import fakes, log
from worker.concurrency import MOST
from worker.cpus import usable_cpus
from worker.errors import BadSettings
from worker.gatherers import Aggregated, Gathering, Plain
from worker.pool import Pool, PoolReport
from worker.publisher import CloudWatchPublisher, NoPublisher, Publisher, cloudwatch_client
from worker.scoreboard import Latency, Scoreboard
from worker.sender import KinesisSender, kinesis_client
from worker.settings import Settings, read_settings
from worker.shardcount import ShardCount, shard_count_client
from worker.shardmap import BrokenShardMap
from worker.shardreader import read_first_map, read_next_map
from worker.stop import Stop

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient


def run(stop: Stop) -> int:
    """Do the task's work until its phase ends or `stop` says so; return the exit code."""
    try:
        settings = read_settings(os.environ)
    except BadSettings as error:
        log.say(f"worker: {error}")
        return 2
    try:
        client = kinesis_client(settings.region, MOST)
        publisher = _publisher(settings)
        gathering = _gathering(settings, client)
    except (BotoCoreError, ClientError, BrokenShardMap, ValueError) as error:
        log.say(f"worker: stream {settings.stream_name} can't be used: {error}")
        return 1
    if settings.record_template is not None:
        fakes.prepare(settings.record_template.providers)
    try:
        scoreboard = Scoreboard.create(uuid4().hex[:8], settings.processes or usable_cpus())
    except OSError as error:
        log.say(f"worker: no scoreboard can be made: {error}; give TMPDIR room")
        return 1
    log.event(
        "started",
        pool=scoreboard.name,
        demo_id=settings.demo_id,
        phase=settings.phase,
        task_tps="max" if settings.task_tps is None else float(settings.task_tps),
        processes=scoreboard.slots,
        ends_at=settings.phase_ends_at,
    )
    sender = KinesisSender(client, settings.stream_name)
    pool = Pool(settings, scoreboard, sender, gathering, publisher, stop)
    report = pool.run()
    told = _tell(_ledger_line(settings, report))
    if told:
        scoreboard.remove()
    else:
        log.event("ledger_not_written", counts=report.books.summary(), still_in=scoreboard.path)
    pool.publish()  # last: nobody waits for it, and the ledger must be out before a SIGKILL
    return 0 if told else 1


def _tell(ledger: dict[str, object]) -> bool:
    """Whether the ledger could be written to standard output."""
    try:
        with open(sys.stdout.fileno(), "w", closefd=False) as out:
            print(json.dumps(ledger), file=out)
    except OSError:
        return False
    return True


def _gathering(settings: Settings, client: KinesisClient) -> Callable[[], Gathering]:
    """What makes each producer's gathering; `client` is used in the producers' processes only."""
    if not settings.aggregation:
        return Plain
    shards = read_first_map(settings.region, settings.stream_name)
    return lambda: Aggregated(shards, partial(read_next_map, client, settings.stream_name))


def _publisher(settings: Settings) -> Publisher:
    if not settings.metrics_enabled:
        return NoPublisher()
    return CloudWatchPublisher(
        cloudwatch_client(settings.region),
        settings.namespace,
        settings.demo_id,
        settings.phase,
        ShardCount(shard_count_client(settings.region), settings.stream_name),
    )


def _ledger_line(settings: Settings, report: PoolReport) -> dict[str, object]:
    return {
        "event": "ledger",
        "demo_id": settings.demo_id,
        "phase": settings.phase,
        "pool": report.pool,
        **report.books.summary(),
        "missed": report.missed,
        "restarts": report.restarts,
        "seconds": round(report.seconds, 6),
        "cpu_seconds": round(report.cpu_seconds, 3),
        "limited_by": report.limited_by,
        "latency_counts": [
            (round(middle_ms, 3), count)
            for middle_ms, count in report.latencies[Latency.FROM_DUE].buckets()
        ],
        "latency_ms": {kind: found.summary() for kind, found in report.latencies.items()},
        "producers": {name: books.summary() for name, books in report.producers.items()},
    }
