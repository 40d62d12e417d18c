"""The worker's own pipelines and the model of a stream, in a time of their own.

Everything is real but the clock and the network: each task's pipeline makes, gathers, sends and
retries single records, the model takes or refuses each one, and an answer takes a fixed time. So a
minute of a demo takes a second, and always goes the same way.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import count

from ondemand.policy import Policy
from ondemand.shards import hash_of
from ondemand.stream import OnDemandStream
from ondemand.workload import Phase
from worker.collector import Batch, Collector
from worker.concurrency import Concurrency
from worker.encoding import Outcome
from worker.gatherers import LINGER_NS
from worker.generator import Generator, Origin
from worker.histogram import CELLS, Histogram
from worker.ledger import Cause, Ledger
from worker.pacer import NS, Pacer
from worker.pipeline import Latencies, Pipeline
from worker.producer import DRAIN_NS, LEAST_UNSENT, LONGEST_SLEEP_NS, tick_ns
from worker.record import Record, records_of
from worker.retrier import Retrier, RetryPolicy

ANSWER_NS = 3_000_000
"""From a request to its answer; the embedded stack's is about that."""


class World:
    """Events in order of time, and the stream that they lead to."""

    def __init__(self, policy: Policy) -> None:
        self.now_ns = 0
        self.stream = OnDemandStream(policy)
        self.accepted = self.throttled = 0
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._ticket = count()
        self._hashes: dict[str, int] = {}

    def at(self, when_ns: int, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when_ns, next(self._ticket), happen))

    def run(self) -> None:
        """Until nothing happens any more."""
        while self._events:
            self.now_ns, _, happen = heapq.heappop(self._events)
            happen()

    def answer(self, batch: Batch) -> Outcome:
        """What the stream says to a request that arrives now."""
        while self.stream.second < self.now_ns // NS:
            self.stream.tick()
        fates = [self._fate(record) for item in batch.items for record in records_of(item)]
        return Outcome(fates if any(fates) else ())

    def _fate(self, record: Record) -> Cause | None:
        key = record.partition_key
        if key not in self._hashes:
            self._hashes[key] = hash_of(key)
        taken = self.stream.admit(self.stream.place_of(self._hashes[key]), record.size)
        self.accepted += taken
        self.throttled += not taken
        return None if taken else Cause.THROTTLED


class Task:
    """One task of one producer, from `start_ns` to `end_ns` and until it has drained."""

    def __init__(self, world: World, rate: float, start_ns: int, end_ns: int, seed: int) -> None:
        self.ledger = Ledger()
        self._world = world
        self._end_ns = end_ns
        self._tick_ns = tick_ns(rate)
        self._ended = False
        self._pipeline = Pipeline(
            pace=Pacer(Fraction(rate), 0, 1),
            start_ns=start_ns,
            generator=Generator(Origin("virtual", 1, f"pool-{seed}"), 0, seed),
            gatherer=Collector(LINGER_NS),
            retrier=Retrier(RetryPolicy(), random.Random(seed).random),  # noqa: S311 (jitter)
            ledger=self.ledger,
            latencies=Latencies(Histogram([0] * CELLS), Histogram([0] * CELLS)),
            concurrency=Concurrency(rate),
            max_unsent=max(LEAST_UNSENT, int(rate)),
            save=lambda _: None,
            dispatch=self._dispatch,
        )
        world.at(start_ns, self._step)

    def _dispatch(self, batch: Batch) -> None:
        sent_ns = self._world.now_ns

        def arrive() -> None:
            outcome = self._world.answer(batch)
            settle = lambda: self._pipeline.settle(batch, outcome, sent_ns, self._world.now_ns)  # noqa: E731
            self._world.at(self._world.now_ns + ANSWER_NS // 2, settle)

        self._world.at(sent_ns + ANSWER_NS // 2, arrive)

    def _step(self) -> None:
        """As Producer.run and its drain do."""
        now_ns = self._world.now_ns
        generate = now_ns < self._end_ns
        if not generate and not self._ended:
            self._ended = True
            self._pipeline.step(self._end_ns)
        self._pipeline.step(now_ns, generate=generate)
        if not generate and (self._pipeline.drained or now_ns >= self._end_ns + DRAIN_NS):
            self._pipeline.give_up()
            return
        next_ns = self._pipeline.next_event_ns() or now_ns + LONGEST_SLEEP_NS
        sleep_ns = min(max(next_ns - now_ns, self._tick_ns), LONGEST_SLEEP_NS)
        until_end = max(1, self._end_ns - now_ns) if generate else sleep_ns
        self._world.at(now_ns + min(sleep_ns, until_end), self._step)


def run(phases: Sequence[Phase], start_seconds: float, policy: Policy) -> tuple[World, list[Task]]:
    """Run a plan whose tasks all begin so long after their phase does."""
    world = World(policy)
    tasks: list[Task] = []
    begin_ns = 0
    for phase in phases:
        end_ns = begin_ns + phase.duration_seconds * NS
        rate = phase.target_tps / phase.task_count
        for _ in range(phase.task_count):
            start_ns = begin_ns + int(start_seconds * NS)
            tasks.append(Task(world, rate, start_ns, end_ns, seed=len(tasks)))
        begin_ns = end_ns
    world.run()
    return world, tasks
