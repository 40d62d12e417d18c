"""Where a fault is tried: a stream of its own, workers sent at it, and what became of each.

`Outcome` holds a worker's ledger against the stream. What must be so after every fault, whatever it
was, is asserted here; what is particular to one is its test's business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from local.proof import Proof, prove, tally_stream
from local.reader import read_stream
from local.stack import EmbeddedStack
from tests.chaos.record import Row, append, command_of_this_test, told
from tests.chaos.runners import books_on
from tests.clients import client_of
from tests.workers import Worker
from worker.scoreboard import Scoreboard

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

BETWEEN = "worker and Kinesis"
LONGEST_RUN_SECONDS = 90.0
LONGEST_END_SECONDS = 60.0
"""A worker's drain, and as long again to say goodbye on a busy machine."""


@dataclass(frozen=True)
class Outcome:
    """What the worker says of itself, and what the stream says."""

    ledger: Mapping[str, Any]
    proof: Proof
    events: list[dict[str, Any]]

    @property
    def causes(self) -> dict[str, int]:
        """Records given up, by cause."""
        found: dict[str, int] = self.ledger["failed_by_cause"]
        return found

    @property
    def problems(self) -> dict[str, str]:
        """What the worker's log says was the first refusal of each cause."""
        return {e["cause"]: e["problem"] for e in self.events if e["event"] == "refused"}

    def assert_all_arrived(self) -> None:
        assert self.causes == {}
        assert self.proof.lost == 0
        assert self.ledger["delivered"] == self.proof.generated

    @property
    def untold(self) -> int:
        """Records that the ledger doesn't call failed and that are not in the stream."""
        failed: int = self.ledger["failed"]
        return max(0, told(self.proof.lost) - failed)


class Site:
    """A stream, from its making to `close`."""

    def __init__(self, stack: EmbeddedStack, folder: Path, name: str) -> None:
        self.stack = stack
        self.stream = name
        self.folder = folder
        self._numbers = count()
        self._workers: dict[str, Worker] = {}
        self.kinesis = kinesis_of(stack)
        self.kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
        self.kinesis.get_waiter("stream_exists").wait(
            StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10}
        )

    def close(self) -> None:
        """End what a failed test may have left, and give the stream's memory back."""
        for worker in self._workers.values():
            worker.end()
        self.kinesis.delete_stream(StreamName=self.stream)

    def worker(
        self,
        endpoint: str,
        seconds: float | None = None,
        settings: Mapping[str, object] | None = None,
        **process: Any,
    ) -> Worker:
        """A worker that sends by way of `endpoint` for so long; None: until it is told to stop."""
        demo_id = f"{self.stream}-{next(self._numbers)}"
        folder = self.folder / demo_id
        folder.mkdir()
        ends = {} if seconds is None else {"PHASE_ENDS_AT": time.time() + seconds}
        own = {
            "AWS_ENDPOINT_URL": endpoint,
            "STREAM_NAME": self.stream,
            "DEMO_ID": demo_id,
            "WORKER_PROCESSES": 2,
            **ends,
            **(settings or {}),
        }
        worker = Worker(self.stack.client_environment, folder, own, **process)
        self._workers[demo_id] = worker
        return worker

    def outcome(
        self,
        worker: Worker,
        fault: str,
        times: int | Callable[[], int],
        where: str = BETWEEN,
    ) -> Outcome:
        """Wait for the worker's end, hold its ledger against the stream, write the row down.

        `times`: how often the fault happened, or what tells it at the end.
        """
        ledger = worker.ledger(LONGEST_RUN_SECONDS)
        assert list(worker.folder.glob("*.scoreboard")) == []
        fired = times if isinstance(times, int) else times()
        return self._held(worker, ledger, fault, fired, where)

    def outcome_of_killed(self, worker: Worker, fault: str, times: int, where: str) -> Outcome:
        """The same for a worker that printed no ledger: by its scoreboard, as ECS' agent does."""
        (path,) = Scoreboard.find(worker.folder)
        return self._held(worker, books_on(path), fault, times, where)

    def _held(
        self,
        worker: Worker,
        ledger: Mapping[str, Any],
        fault: str,
        times: int,
        where: str,
    ) -> Outcome:
        demo_id = next(name for name, known in self._workers.items() if known is worker)
        made = {name: books["generated"] for name, books in ledger["producers"].items()}
        proof = prove(made, tally_stream(demo_id, read_stream(self.kinesis, self.stream)))
        row = Row(
            fault=fault,
            where=where,
            times=times,
            records=ledger["generated"],
            delivered=ledger["delivered"],
            failed=ledger["failed"],
            lost=told(proof.lost),
            duplicates=told(proof.duplicates),
            command=command_of_this_test(),
        )
        append(row)
        assert row.unaccounted == 0
        assert times > 0, "the fault never happened"
        assert proof.generated == ledger["generated"] > 0
        assert proof.foreign == 0
        assert processes_of(worker) == []
        return Outcome(ledger, proof, worker.events)


def processes_of(worker: Worker) -> list[int]:
    """Every process of the worker that still runs, known by its temporary folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == str(worker.folder):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def kinesis_of(stack: EmbeddedStack, endpoint: str | None = None) -> KinesisClient:
    """The stack's Kinesis, past every fault and every proxy that the environment may name.

    Or, by `endpoint`, not past every fault.
    """
    kinesis: KinesisClient = client_of(stack, "kinesis", endpoint)
    return kinesis
