"""One process of the pool: owns the clock, the threads and the signals around a pipeline.

The main thread steps the pipeline; a few threads wait for Kinesis and put the answers into one
queue, on which the main thread sleeps. It ends when the phase does, when it is told to (SIGTERM) or
when its pool is gone; in each case it drains first: nothing new is made, what is there is brought
out, for 30 seconds at most.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from worker.collector import Batch, Collector
from worker.generator import Generator, Origin
from worker.pacer import NS, Pacer
from worker.pipeline import Bounds, Pipeline
from worker.retrier import Retrier, RetryPolicy
from worker.scoreboard import Scoreboard
from worker.sender import Outcome, Sender

LINGER_NS = 50_000_000
"""How long a record waits for company: half of the KPL's RecordMaxBufferedTime."""
TICK_NS = 5_000_000
"""The shortest sleep: finer steps would cost more CPU than they even out."""
LONGEST_SLEEP_NS = NS // 2
DRAIN_NS = 30 * NS
_NEVER_NS = 1 << 62
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""Blocked while a producer is forked, until it has its own handlers."""


@dataclass(frozen=True)
class Assignment:
    """What one slot has to do. Monotonic nanoseconds, except `epoch_ns`."""

    origin: Origin
    pacer: Pacer
    slot: int
    start_ns: int
    end_ns: int | None
    epoch_ns: int
    """What to add to the monotonic clock to get Unix time."""


def produce(assignment: Assignment, scoreboard: Scoreboard, sender: Sender) -> None:
    """Carry out the assignment in this process until its end; the books are in the scoreboard."""
    Producer(assignment, scoreboard, sender).run()


class Producer:
    """The shell around the pipeline: everything that touches time, threads or signals."""

    def __init__(self, assignment: Assignment, scoreboard: Scoreboard, sender: Sender) -> None:
        self._assignment = assignment
        self._scoreboard = scoreboard
        self._sender = sender
        self._end_ns = _NEVER_NS if assignment.end_ns is None else assignment.end_ns
        self._pool_pid = os.getppid()
        self._told_to_stop = False
        self._requests: SimpleQueue[Batch] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Batch, Outcome | Exception] | None] = SimpleQueue()
        self._bounds = Bounds()
        self._pipeline = self._wire()

    def run(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        for _ in range(self._bounds.max_in_flight):
            threading.Thread(target=self._send_forever, daemon=True).start()
        while not self._over():
            self._advance(time.monotonic_ns(), generate=True)
        self._pipeline.step(min(time.monotonic_ns(), self._end_ns))
        self._drain()

    def _over(self) -> bool:
        ended = time.monotonic_ns() >= self._end_ns
        return ended or self._told_to_stop or os.getppid() != self._pool_pid

    def _drain(self) -> None:
        give_up_ns = time.monotonic_ns() + DRAIN_NS
        while not self._pipeline.drained and time.monotonic_ns() < give_up_ns:
            self._advance(time.monotonic_ns(), generate=False)
        self._pipeline.give_up()

    def _advance(self, now_ns: int, *, generate: bool) -> None:
        self._scoreboard.beat(self._assignment.slot, now_ns)
        self._pipeline.step(now_ns, generate=generate)
        next_ns = self._pipeline.next_event_ns() or now_ns + LONGEST_SLEEP_NS
        sleep_ns = min(max(next_ns - now_ns, TICK_NS), LONGEST_SLEEP_NS)
        if generate:
            sleep_ns = min(sleep_ns, max(0, self._end_ns - now_ns))
        self._wait(now_ns + sleep_ns)

    def _wait(self, until_ns: int) -> None:
        """Sleep until then, and account for every answer that comes in meanwhile."""
        while True:
            left_ns = until_ns - time.monotonic_ns()
            try:
                answer = self._answers.get(timeout=max(0, left_ns) / NS)
            except Empty:
                return
            if answer is None:
                return
            batch, outcome = answer
            if isinstance(outcome, Exception):
                raise outcome
            self._pipeline.settle(batch, outcome, time.monotonic_ns())
            if self._pipeline.drained or left_ns <= 0:
                return

    def _send_forever(self) -> None:
        while True:
            batch = self._requests.get()
            outcome: Outcome | Exception
            try:
                outcome = self._sender.send(batch.records)
            except Exception as error:  # raised again by the thread that owns the books
                outcome = error
            self._answers.put((batch, outcome))

    def _stop(self, *_: object) -> None:
        self._told_to_stop = True
        self._answers.put(None)

    def _wire(self) -> Pipeline:
        task = self._assignment
        ledger = self._scoreboard.ledger(task.slot)
        chance = random.Random()  # noqa: S311 (jitter, not secrets)
        return Pipeline(
            pacer=task.pacer,
            start_ns=task.start_ns,
            generator=Generator(
                task.origin, task.epoch_ns, chance.getrandbits(64), ledger.generated
            ),
            collector=Collector(LINGER_NS),
            retrier=Retrier(RetryPolicy(), chance.random),
            ledger=ledger,
            bounds=self._bounds,
            save=lambda books: self._scoreboard.write(task.slot, books),
            dispatch=self._requests.put,
        )
