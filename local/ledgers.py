"""Collects the ledgers that a demo's workers printed, from CloudWatch Logs.

A worker prints one line when it ends, and the embedded ECS writes it in the place of a worker that
was killed; both name each producer with its counts. A ledger that was shipped twice counts once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


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


@dataclass(frozen=True)
class TaskLogs:
    """What the log streams of a demo's tasks say."""

    ledgers: tuple[PoolLedger, ...]
    unended: frozenset[str]
    """Log streams of tasks that haven't ended yet."""


def read_task_logs(client: CloudWatchLogsClient, log_group: str, demo_id: str) -> TaskLogs:
    """Read a demo's task logs as they are now."""
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=log_group)
    return parse_task_logs(
        ((e["logStreamName"], e["message"]) for page in pages for e in page["events"]), demo_id
    )


def parse_task_logs(lines: Iterable[tuple[str, str]], demo_id: str) -> TaskLogs:
    """Sort out a demo's ledgers and unended tasks from (log stream, line) in order of time."""
    ledgers: dict[str, PoolLedger] = {}
    unended: set[str] = set()
    for stream, message in lines:
        line = _json(message)
        event = line.get("event")
        if event == "task_ended":
            unended.discard(stream)
        elif line.get("demo_id") != demo_id:
            continue
        elif event == "task_started":
            unended.add(stream)
        elif event == "ledger":
            ledger = _ledger(line)
            ledgers[ledger.pool] = ledger
    return TaskLogs(tuple(ledgers.values()), frozenset(unended))


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
    )


def _json(message: str) -> dict[str, Any]:
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}
