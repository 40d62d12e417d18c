"""One process of the pool: owns the clock, the threads and the signals around a pipeline.

The main thread steps the pipeline; other threads wait for Kinesis, as many as requests are in
flight, and put what is to be done with an answer into one queue, on which the main thread sleeps.
It ends when the phase does, when it is told to (SIGTERM) or when its pool is gone; in each case it
drains first: nothing new is made, what is there is brought out, for 25 seconds at most.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from worker.collector import Batch
from worker.concurrency import Concurrency
from worker.encoding import Outcome
from worker.gatherers import LINGER_NS, Gathering
from worker.generator import Generator, Origin
from worker.limits import MAX_RECORDS_PER_REQUEST
from worker.pacer import NS, Pace
from worker.pipeline import Latencies, Pipeline, Source
from worker.retrier import Retrier, RetryPolicy
from worker.scoreboard import Latency, Scoreboard
from worker.sender import Sender
from worker.stop import STOP_SIGNALS
from worker.template import Template
from worker.templated import TemplateGenerator

SHORTEST_TICK_NS = 5_000_000
RECORDS_PER_TICK = 50
"""A step for fewer records would cost more CPU than it evens out."""
LONGEST_SLEEP_NS = NS // 2
DRAIN_NS = 25 * NS
"""With what comes after it, within the 30 seconds that a stop may take."""
LEAST_UNSENT = 2_000
MOST_WAITING_BYTES = 64 * 1024 * 1024
"""Of records that wait to be sent, and as much again of those that wait for another try: what a
hundred thousand posts come to, hence a bound only where a template makes larger records."""
_NEVER_NS = 1 << 62


@dataclass(frozen=True)
class Assignment:
    """What one slot has to do. Monotonic nanoseconds, except `epoch_ns`."""

    origin: Origin
    post_bytes: int
    record_template: Template | None
    """What to send instead of posts."""
    pace: Pace
    records_per_second: float
    """What to be ready for, this slot alone; for TARGET_TPS=max, a guess."""
    slot: int
    start_ns: int
    end_ns: int | None
    epoch_ns: int
    """What to add to the monotonic clock to get Unix time."""


def tick_ns(records_per_second: float) -> int:
    """The shortest sleep between two steps at this pace, nanoseconds.

    Where requests go by the linger, before they are full, a step before that sends nothing.
    """
    if records_per_second * LINGER_NS < MAX_RECORDS_PER_REQUEST * NS:
        return LINGER_NS
    return int(max(RECORDS_PER_TICK * NS / records_per_second, SHORTEST_TICK_NS))


class Producer:
    """The shell around the pipeline: everything that touches time, threads or signals."""

    def __init__(
        self, task: Assignment, scoreboard: Scoreboard, sender: Sender, gathering: Gathering
    ) -> None:
        self._task = task
        self._scoreboard = scoreboard
        self._sender = sender
        self._gathering = gathering
        self._end_ns = _NEVER_NS if task.end_ns is None else task.end_ns
        self._tick_ns = tick_ns(task.records_per_second)
        self._told_to_stop = False
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        """For the threads."""
        self._results: SimpleQueue[Callable[[], None] | Exception | None] = SimpleQueue()
        """For the main thread, which alone touches the pipeline."""
        self._threads = 0
        self._busy = 0
        self._cpu_ns = time.process_time_ns()
        self._pipeline = self._wire()

    def run(self) -> None:
        """Carry out the assignment until its end; the books are in the scoreboard."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        while not self._over():
            self._advance(min(time.monotonic_ns(), self._end_ns), generate=True)
        self._pipeline.step(min(time.monotonic_ns(), self._end_ns))
        self._drain()

    def _over(self) -> bool:
        ended = time.monotonic_ns() >= self._end_ns
        return ended or self._told_to_stop or os.getppid() != self._scoreboard.pool_pid

    def _drain(self) -> None:
        give_up_ns = time.monotonic_ns() + DRAIN_NS
        while not self._pipeline.drained and time.monotonic_ns() < give_up_ns:
            self._advance(time.monotonic_ns(), generate=False)
        self._pipeline.give_up()
        self._beat(time.monotonic_ns())

    def _advance(self, now_ns: int, *, generate: bool) -> None:
        self._beat(now_ns)
        self._pipeline.step(now_ns, generate=generate)
        next_ns = self._pipeline.next_event_ns() or now_ns + LONGEST_SLEEP_NS
        sleep_ns = min(max(next_ns - now_ns, self._tick_ns), LONGEST_SLEEP_NS)
        if generate:
            sleep_ns = min(sleep_ns, max(0, self._end_ns - now_ns))
        self._wait(now_ns + sleep_ns)

    def _beat(self, now_ns: int) -> None:
        cpu_ns = time.process_time_ns()
        self._scoreboard.use_cpu(self._task.slot, cpu_ns - self._cpu_ns)
        self._cpu_ns = cpu_ns
        self._scoreboard.beat(self._task.slot, now_ns)

    def _wait(self, until_ns: int) -> None:
        """Sleep until then, and account for every answer that comes in meanwhile."""
        while True:
            left_ns = until_ns - time.monotonic_ns()
            try:
                result = self._results.get(timeout=max(0, left_ns) / NS)
            except Empty:
                return
            if result is None:
                return
            if isinstance(result, Exception):
                raise result
            result()
            if self._pipeline.drained or left_ns <= 0:
                return

    def _dispatch(self, batch: Batch) -> None:
        def send() -> None:
            sent_ns = time.monotonic_ns()
            outcome = self._sender.send(batch.items)
            self._results.put(lambda: self._settle(batch, outcome, sent_ns))

        self._busy += 1
        self._hand_out(send)

    def _settle(self, batch: Batch, outcome: Outcome, sent_ns: int) -> None:
        self._busy -= 1
        self._pipeline.settle(batch, outcome, sent_ns, time.monotonic_ns())
        look_again = self._gathering.surprised(batch, outcome, time.monotonic_ns())
        if look_again is not None:
            self._busy += 1
            self._hand_out(lambda: self._results.put(self._changed(look_again())))

    def _changed(self, change: Callable[[], None]) -> Callable[[], None]:
        def apply() -> None:
            self._busy -= 1
            change()

        return apply

    def _hand_out(self, job: Callable[[], None]) -> None:
        """Have a thread do it; there are as many as were ever busy at once."""
        if self._busy > self._threads:
            self._threads += 1
            threading.Thread(target=self._work, daemon=True).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception as error:  # raised again by the thread that owns the books
                self._results.put(error)

    def _stop(self, *_: object) -> None:
        self._told_to_stop = True
        self._results.put(None)

    def _source(self, seed: int, first_sequence: int) -> Source:
        task = self._task
        if task.record_template is None:
            return Generator(task.origin, task.epoch_ns, seed, first_sequence, task.post_bytes)
        return TemplateGenerator(
            task.record_template, task.origin, task.epoch_ns, seed, first_sequence
        )

    def _wire(self) -> Pipeline:
        task = self._task
        ledger = self._scoreboard.ledger(task.slot)
        chance = random.Random()  # noqa: S311 # nosec B311 # jitter, no secrets
        seed = chance.getrandbits(64)
        in_memory = _records_in_memory(task)
        policy = RetryPolicy(max_records=min(RetryPolicy.max_records, in_memory))
        return Pipeline(
            pace=task.pace,
            start_ns=task.start_ns,
            generator=self._source(seed, ledger.generated),
            gatherer=self._gathering.gatherer,
            retrier=Retrier(policy, chance.random),
            ledger=ledger,
            latencies=Latencies(
                self._scoreboard.histogram(task.slot, Latency.FROM_DUE),
                self._scoreboard.histogram(task.slot, Latency.FROM_SEND),
            ),
            concurrency=Concurrency(task.records_per_second),
            max_unsent=min(max(LEAST_UNSENT, int(task.records_per_second)), in_memory),
            save=lambda books: self._scoreboard.write(task.slot, books),
            dispatch=self._dispatch,
        )


def _records_in_memory(task: Assignment) -> int:
    size = task.post_bytes if task.record_template is None else task.record_template.mean_bytes
    return max(1, MOST_WAITING_BYTES // size)
