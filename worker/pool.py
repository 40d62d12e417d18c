"""Forks one producer per CPU, keeps them alive, and answers for all of them.

The pool's share of the phase is split exactly between its slots (see `pacer`). A producer that dies
is replaced in its slot: what it had made and not had acknowledged is booked as failed, with that
cause, and its successor carries on from the count in the scoreboard, catching up at a bounded rate.
The pool itself has one thread, so forking is safe at any time, and touches the network only to
count shards and publish metrics, with short time-outs.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from worker import log
from worker.allocator import keep_freed_memory
from worker.bottleneck import Limit, limited_by
from worker.cpus import cpus_each
from worker.gatherers import Gathering
from worker.generator import Origin
from worker.histogram import Distribution
from worker.ledger import Cause, Ledger
from worker.pacer import NS, Pace, Pacer, Unpaced
from worker.producer import DRAIN_NS, Assignment, Producer
from worker.publisher import Publisher
from worker.scoreboard import Latency, Scoreboard
from worker.sender import Sender
from worker.settings import Settings
from worker.stop import STOP_SIGNALS, Stop
from worker.ticker import Ticker

_KILL_AFTER_NS = DRAIN_NS + 2 * NS
"""How long after the end a producer may live: its own drain, and a little to say goodbye."""
_SHORTEST_LIFE_NS = NS
"""A producer that dies sooner is restarted later and later, not in a tight loop."""
_LONGEST_PAUSE_NS = 5 * NS
_MOST_PER_SECOND = 100_000.0
"""What a producer with TARGET_TPS=max gets ready for, records."""

GC_THRESHOLDS = (100_000, 20, 100)
"""Python looks for cyclic garbage after so many new objects. Records are none, so: seldom."""

_fork = multiprocessing.get_context("fork")


@dataclass
class _Slot:
    """One seat of the pool and who sits in it."""

    assignment: Assignment
    process: BaseProcess | None = None
    started_ns: int = 0
    restart_at_ns: int = 0
    pause_ns: int = NS // 10


@dataclass(frozen=True)
class PoolReport:
    """What the pool answers for when it has ended."""

    pool: str
    books: Ledger
    producers: dict[str, Ledger]
    missed: int
    """Records that the pace called for and that were never made, since sending was held up."""
    restarts: int
    seconds: float
    cpu_seconds: float
    """Used by the producers, all together."""
    limited_by: Limit | None
    latencies: dict[Latency, Distribution]


class Pool:
    """A pool of `slots` producers for one phase."""

    def __init__(
        self,
        settings: Settings,
        scoreboard: Scoreboard,
        sender: Sender,
        gathering: Callable[[], Gathering],
        publisher: Publisher,
        stop: Stop,
    ) -> None:
        """`gathering` makes one for each producer."""
        self._settings = settings
        self._scoreboard = scoreboard
        self._sender = sender
        self._gathering = gathering
        self._publisher = publisher
        self._stop = stop
        self._start_ns = time.monotonic_ns()
        self._epoch_ns = time.time_ns() - self._start_ns
        self._end_ns = self._phase_end_ns()
        self._slots = [self._slot(number) for number in range(scoreboard.slots)]
        self._stopped_ns: int | None = None
        self._told_to_stop = False
        self._restarts = 0

    def run(self) -> PoolReport:
        """Send until the phase ends or a signal comes; return when all is accounted for."""
        ticker = Ticker(self._settings.publish_interval, self._sample, self._publisher.publish)
        while not self._finished():
            self._start_missing()
            self._sleep(ticker.seconds_to_next())
            self._heed_signal()
            self._bury_dead()
            ticker.tick()
        self._sample(int(time.time()))
        return self._report()

    def publish(self) -> None:
        """Send the metrics that are left."""
        self._publisher.publish()

    def _finished(self) -> bool:
        now_ns = time.monotonic_ns()
        if self._stopped_ns is None and self._end_ns is not None and now_ns >= self._end_ns:
            self._stopped_ns = self._end_ns
        if self._stopped_ns is None:
            return False
        alive = [slot.process for slot in self._slots if slot.process is not None]
        if alive and now_ns > self._stopped_ns + _KILL_AFTER_NS:
            for process in alive:
                process.kill()
        return not alive

    def _start_missing(self) -> None:
        now_ns = time.monotonic_ns()
        if self._stopped_ns is not None:
            return
        for slot in self._slots:
            if self._stop.signal is not None:
                return
            if slot.process is None and now_ns >= slot.restart_at_ns:
                self._scoreboard.beat(slot.assignment.slot, now_ns)
                slot.started_ns = now_ns
                self._fork(slot)

    def _fork(self, slot: _Slot) -> None:
        """Start the slot's process. It is born with signals blocked, until it has handlers of its
        own: one that came before would be noted in its copy of this pool, and lost. Without a
        process, for want of memory or by a limit, the others go on and this one is tried again.
        """
        process = _fork.Process(target=self._child, args=(slot.assignment,))
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            process.start()
        except OSError as error:
            self._plan_restart(slot)
            producer = slot.assignment.origin.producer
            log.event("producer_not_started", producer=producer, error=str(error))
        else:
            slot.process = process
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def _child(self, assignment: Assignment) -> None:
        signal.set_wakeup_fd(-1)
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        keep_freed_memory()
        Producer(assignment, self._scoreboard, self._sender, self._gathering()).run()

    def _bury_dead(self) -> None:
        for slot in self._slots:
            process = slot.process
            if process is None or process.exitcode is None:
                continue
            slot.process = None
            books = self._scoreboard.ledger(slot.assignment.slot)
            lost = books.pending
            books.fail(Cause.PROCESS_DIED, lost)
            self._scoreboard.write(slot.assignment.slot, books)
            if process.exitcode != 0:
                self._restarts += 1
                self._plan_restart(slot)
                log.event(
                    "producer_died",
                    producer=slot.assignment.origin.producer,
                    exit_code=process.exitcode,
                    unacknowledged=lost,
                )
            process.close()

    def _plan_restart(self, slot: _Slot) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - slot.started_ns < _SHORTEST_LIFE_NS:
            slot.pause_ns = min(slot.pause_ns * 2, _LONGEST_PAUSE_NS)
            slot.restart_at_ns = now_ns + slot.pause_ns

    def _sleep(self, seconds: float) -> None:
        if self._end_ns is not None and self._stopped_ns is None:
            seconds = min(seconds, max(0.0, (self._end_ns - time.monotonic_ns()) / NS))
        sentinels = [slot.process.sentinel for slot in self._slots if slot.process is not None]
        for ready in wait([*sentinels, self._stop.wakeups], seconds):
            if ready == self._stop.wakeups:
                os.read(self._stop.wakeups, 4096)

    def _heed_signal(self) -> None:
        if self._stop.signal is None or self._told_to_stop:
            return
        self._told_to_stop = True
        if self._stopped_ns is None:
            self._stopped_ns = time.monotonic_ns()
        log.event("stopping", signal=self._stop.signal.name)
        for slot in self._slots:
            if slot.process is not None:
                slot.process.terminate()

    def _sample(self, second: int) -> None:
        self._publisher.sample(second, self._scoreboard.total(), self._latencies())

    def _latencies(self) -> dict[Latency, Distribution]:
        return {latency: self._scoreboard.distribution(latency) for latency in Latency}

    def _phase_end_ns(self) -> int | None:
        if self._settings.phase_ends_at is None:
            return None
        return int(self._settings.phase_ends_at * NS) - self._epoch_ns

    def _slot(self, number: int) -> _Slot:
        origin = Origin(
            self._settings.demo_id, self._settings.phase, self._scoreboard.producer(number)
        )
        rate, slots = self._settings.task_tps, self._scoreboard.slots
        pace: Pace = Unpaced() if rate is None else Pacer(rate, number, slots)
        return _Slot(
            Assignment(
                origin=origin,
                post_bytes=self._settings.post_bytes,
                record_template=self._settings.record_template,
                pace=pace,
                records_per_second=_MOST_PER_SECOND if rate is None else float(rate / slots),
                slot=number,
                start_ns=self._start_ns,
                end_ns=self._end_ns,
                epoch_ns=self._epoch_ns,
            )
        )

    def _report(self) -> PoolReport:
        stopped_ns = self._stopped_ns or time.monotonic_ns()
        producers = {
            slot.assignment.origin.producer: self._scoreboard.ledger(slot.assignment.slot)
            for slot in self._slots
        }
        books = sum(producers.values(), Ledger())
        lasted_ns = max(0, stopped_ns - self._start_ns)
        due = sum(slot.assignment.pace.due(lasted_ns) for slot in self._slots)
        missed = max(0, due - books.generated)
        cpu_ns = [self._scoreboard.cpu_ns(slot.assignment.slot) for slot in self._slots]
        return PoolReport(
            pool=self._scoreboard.name,
            books=books,
            producers=producers,
            missed=missed,
            restarts=self._restarts,
            seconds=lasted_ns / NS,
            cpu_seconds=sum(cpu_ns) / NS,
            limited_by=limited_by(
                generated=books.generated,
                missed=missed,
                throttled=books.throttled,
                cpu_share=max(cpu_ns) / max(1, lasted_ns),
                cpu_limit=cpus_each(len(self._slots)),
            ),
            latencies=self._latencies(),
        )
