"""The awslogs driver of the embedded ECS: ships what a task prints to CloudWatch Logs.

A task that was killed prints no ledger, but its scoreboard is still in its folder; it is read here
and written to the log in the ledger's place, marked as recovered. (On AWS the folder is gone with
the container; there the last progress in CloudWatch's metrics has to do.)
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.tasks import TaskProcess
from worker import log
from worker.contract import Env
from worker.errors import BrokenScoreboard
from worker.ledger import Cause, Ledger
from worker.scoreboard import Latency, Scoreboard

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

MAX_EVENTS_PER_CALL = 1_000
"""PutLogEvents takes 10,000 events or 1 MB (CloudWatch Logs API reference); lines are short."""


class TaskLog:
    """One task's log stream. Its first line says whose task it is, its last how it ended.

    Lines that couldn't be sent are kept, and go with the next ones.
    """

    def __init__(self, client: CloudWatchLogsClient, task: TaskProcess) -> None:
        self._client = client
        self._task = task
        self._offset = 0
        self._made = False
        self._closed = False
        demo = task.definition.environment.get(Env.DEMO_ID)
        self._unsent = [json.dumps({"event": "task_started", "demo_id": demo})]

    def ship(self) -> None:
        """Send the lines that were completed since the last call. Raises botocore's errors."""
        self._read()
        self._send()

    def close(self, exit_code: int) -> None:
        """Send the rest, recovered ledgers among it, and say how the task ended.

        Raises botocore's errors; called again, it sends what is still to be sent.
        """
        if not self._closed:
            self._closed = True
            self._read()
            ended = {"event": "task_ended", "exit_code": exit_code}
            self._unsent += [json.dumps(line) for line in (*recovered_ledgers(self._task), ended)]
        self._send()

    def _read(self) -> None:
        with self._task.log_path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        self._unsent += whole.decode(errors="replace").splitlines()

    def _send(self) -> None:
        group, stream = self._task.definition.log_group, self._task.log_stream
        if group is None:
            self._unsent.clear()
        if group is None or not self._unsent:
            return
        try:
            self._put(group, stream)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            # As the awslogs driver: a log that was deleted holds up neither this task nor another.
            log.event("log_group_gone", task=self._task.task_id, lines=len(self._unsent))
            self._unsent.clear()

    def _put(self, group: str, stream: str) -> None:
        if not self._made:
            self._make(group, stream)
            self._made = True
        while self._unsent:
            lines = self._unsent[:MAX_EVENTS_PER_CALL]
            now_ms = int(time.time() * 1000)
            self._client.put_log_events(
                logGroupName=group,
                logStreamName=stream,
                logEvents=[{"timestamp": now_ms, "message": line} for line in lines],
            )
            del self._unsent[: len(lines)]

    def _make(self, group: str, stream: str) -> None:
        try:
            self._client.create_log_stream(logGroupName=group, logStreamName=stream)
        except ClientError as error:
            # A call that was given up after five seconds may have been carried out all the same.
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise


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
            "latency_counts": latency.buckets(),
            "latency_ms": {Latency.FROM_DUE: latency.summary()},
            "producers": {producer: ledger.summary() for producer, ledger in books.items()},
        }
        for board in _scoreboards(task)
        for books in [settled_books(board)]
        for total in [sum(books.values(), Ledger())]
        for latency in [board.distribution(Latency.FROM_DUE)]
    ]


def _scoreboards(task: TaskProcess) -> Iterator[Scoreboard]:
    for path in Scoreboard.find(task.folder):
        try:
            yield Scoreboard.open(path)
        except BrokenScoreboard as error:
            log.event("ledger_not_recovered", task=task.task_id, problem=str(error))


def settled_books(board: Scoreboard) -> dict[str, Ledger]:
    """A dead pool's books by producer. What was pending failed: nobody knows what became of it."""
    books = {board.producer(slot): board.ledger(slot) for slot in range(board.slots)}
    for ledger in books.values():
        ledger.fail(Cause.PROCESS_DIED, ledger.pending)
    return books
