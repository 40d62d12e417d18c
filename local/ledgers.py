"""Collects the ledgers that a demo's workers printed, from CloudWatch Logs.

A worker prints one line when it ends, and the embedded ECS writes it in the place of a worker that
was killed; both name each producer with its counts. A ledger that was shipped twice counts once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.histogram import Distribution
from worker.scoreboard import Latency

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import GetLogEventsRequestTypeDef


NO_LATENCIES = Distribution.of((), 0)


@dataclass(frozen=True)
class PoolLedger:
    """One worker's books."""

    pool: str
    phase: int
    generated: int
    delivered: int
    """Acknowledged by Kinesis."""
    failed: int
    failed_by_cause: dict[str, int]
    retried: int
    throttled: int
    missed: int
    limited_by: str | None
    """What kept the worker from its pace, by its own account; None if it kept it."""
    recovered: bool
    """The worker was killed; the books are from its scoreboard."""
    generated_by_producer: dict[str, int]
    latency: Distribution = NO_LATENCIES
    """Of the acknowledged records, from when each was due."""


@dataclass(frozen=True)
class TaskLogs:
    """What the log streams of a demo's tasks say."""

    ledgers: tuple[PoolLedger, ...]
    unended: frozenset[str]
    """Log streams of tasks that haven't ended yet."""
    broken: dict[str, int]
    """Exit codes of tasks that ended badly and left no ledger, by log stream."""


def read_task_logs(client: CloudWatchLogsClient, log_group: str, demo_id: str) -> TaskLogs:
    """Read a demo's task logs as they are now."""
    return parse_task_logs(task_log_lines(client, log_group), demo_id)


def task_log_lines(client: CloudWatchLogsClient, log_group: str) -> Iterator[tuple[str, str]]:
    """Yield (log stream, line) of all tasks of all demos, in order of time a stream."""
    pages = client.get_paginator("describe_log_streams").paginate(logGroupName=log_group)
    streams = [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
    for stream in streams:
        for message in _lines(client, log_group, stream):
            yield stream, message


def parse_task_logs(lines: Iterable[tuple[str, str]], demo_id: str) -> TaskLogs:
    """Sort out a demo's ledgers and tasks from (log stream, line), in order of time a stream."""
    ledgers: dict[str, PoolLedger] = {}
    reported: set[str] = set()
    started: set[str] = set()
    exit_codes: dict[str, int] = {}
    for stream, message in lines:
        line = _json(message)
        event = line.get("event")
        if event == "task_ended":
            exit_codes[stream] = line["exit_code"]
        elif line.get("demo_id") != demo_id:
            continue
        elif event == "task_started":
            started.add(stream)
        elif event == "ledger":
            ledger = _ledger(line)
            ledgers[ledger.pool] = ledger
            reported.add(stream)
    return TaskLogs(
        tuple(ledgers.values()),
        frozenset(started - exit_codes.keys()),
        {s: exit_codes[s] for s in started - reported if exit_codes.get(s)},
    )


def _lines(client: CloudWatchLogsClient, log_group: str, stream: str) -> Iterator[str]:
    request: GetLogEventsRequestTypeDef = {
        "logGroupName": log_group,
        "logStreamName": stream,
        "startFromHead": True,
    }
    while True:
        page = client.get_log_events(**request)
        yield from (event["message"] for event in page["events"])
        if not page["events"] or page["nextForwardToken"] == request.get("nextToken"):
            return
        request["nextToken"] = page["nextForwardToken"]


def _ledger(line: dict[str, Any]) -> PoolLedger:
    producers = line["producers"].items()
    return PoolLedger(
        pool=line["pool"],
        phase=line["phase"],
        generated=line["generated"],
        delivered=line["delivered"],
        failed=line["failed"],
        failed_by_cause=line["failed_by_cause"],
        retried=line["retried"],
        throttled=line["throttled"],
        missed=line["missed"],
        limited_by=line.get("limited_by"),
        recovered=line.get("recovered", False),
        generated_by_producer={name: books["generated"] for name, books in producers},
        latency=_latency(line),
    )


def _latency(line: dict[str, Any]) -> Distribution:
    told = (line.get("latency_ms") or {}).get(Latency.FROM_DUE)
    return Distribution.of(line.get("latency_counts", ()), told["max"]) if told else NO_LATENCIES


def _json(message: str) -> dict[str, Any]:
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}
