"""The awslogs driver of the embedded ECS: ships what a task prints to CloudWatch Logs.

A task that was killed prints no ledger, but its scoreboard is still in its folder; it is read here
and written to the log in the ledger's place, marked as recovered. (On AWS the folder is gone with
the container; there the last progress in CloudWatch's metrics has to do.)
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from local.tasks import TaskProcess
from worker.contract import Env
from worker.ledger import Cause, Ledger
from worker.scoreboard import Scoreboard

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

MAX_EVENTS_PER_CALL = 1_000
"""PutLogEvents takes 10,000 events or 1 MB (CloudWatch Logs API reference); lines are short."""


class TaskLog:
    """One task's log stream. Its first line says whose task it is, its last how it ended."""

    def __init__(self, client: CloudWatchLogsClient, task: TaskProcess) -> None:
        self._client = client
        self._task = task
        self._offset = 0
        self._made = False
        demo = task.definition.environment.get(Env.DEMO_ID)
        self._put([json.dumps({"event": "task_started", "demo_id": demo})])

    def ship(self) -> None:
        """Send the complete lines that were printed since the last call."""
        with self._task.log_path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        self._put(whole.decode(errors="replace").splitlines())

    def close(self, exit_code: int) -> None:
        """Send the rest, recovered ledgers among it, and say how the task ended."""
        self.ship()
        self._put([json.dumps(line) for line in recovered_ledgers(self._task)])
        self._put([json.dumps({"event": "task_ended", "exit_code": exit_code})])

    def _put(self, lines: list[str]) -> None:
        group = self._task.definition.log_group
        if not lines or group is None:
            return
        stream = self._task.log_stream
        if not self._made:
            self._client.create_log_stream(logGroupName=group, logStreamName=stream)
            self._made = True
        now_ms = int(time.time() * 1000)
        for start in range(0, len(lines), MAX_EVENTS_PER_CALL):
            self._client.put_log_events(
                logGroupName=group,
                logStreamName=stream,
                logEvents=[
                    {"timestamp": now_ms, "message": line}
                    for line in lines[start : start + MAX_EVENTS_PER_CALL]
                ],
            )


def recovered_ledgers(task: TaskProcess) -> list[dict[str, object]]:
    """The ledgers of pools that ended without printing one: a scoreboard that is still there."""
    return [
        {
            "event": "ledger",
            "demo_id": task.definition.environment.get(Env.DEMO_ID),
            "phase": int(task.definition.environment.get(Env.DEMO_PHASE, "0")),
            "pool": board.name,
            "recovered": True,
            **total.summary(),
            "missed": 0,
            "restarts": 0,
            "producers": {board.producer(s): b.summary() for s, b in enumerate(books)},
        }
        for board in map(Scoreboard.open, Scoreboard.find(task.folder))
        for books in [[_settled(board.ledger(slot)) for slot in range(board.slots)]]
        for total in [sum(books, Ledger())]
    ]


def _settled(books: Ledger) -> Ledger:
    books.fail(Cause.PROCESS_DIED, books.pending)
    return books
