"""Runs a workload against the model, with producers that retry as the worker does.

A twentieth of a second a step: what is due, and what comes back from waiting, is offered to the
shards; what they refuse waits (retrying.py), and is given up when its time-to-live is over, or 25
seconds after the end of its phase. Records are a fluid here, so a million cost no more than one.

Left out: what a worker's bounds on memory and on requests in flight hold back, which only tells
where nearly everything is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ondemand import groups
from ondemand.policy import Policy
from ondemand.retrying import Fluid, Retrying
from ondemand.senders import Books, Senders
from ondemand.stream import Counts, OnDemandStream
from ondemand.traffic import Traffic
from ondemand.workload import IDLE, STEPS, Second

DRAIN_SECONDS = 25
"""What a phase's tasks have after its end to bring out what they made (worker/producer.py)."""


@dataclass(frozen=True)
class Row:
    """One second of a simulation; counts are user records."""

    second: int
    phase: int
    target: float
    books: tuple[Books, ...]
    """Of this phase, and of those before that are still draining."""
    waiting: float
    shards: int
    tasks: int
    running: int
    p50_seconds: float | None
    """Of what was accepted, from when it was due; None if nothing was."""
    p99_seconds: float | None

    @property
    def offered(self) -> float:
        return sum(books.offered for books in self.books)

    @property
    def accepted(self) -> float:
        return sum(books.accepted for books in self.books)

    @property
    def throttled(self) -> float:
        return sum(books.throttled for books in self.books)

    @property
    def failed(self) -> float:
        return sum(books.failed for books in self.books)


def simulate(
    seconds: Sequence[Second],
    policy: Policy,
    traffic: Traffic | None = None,
    retrying: Retrying | None = None,
    drain: bool = True,
) -> Iterator[Row]:
    """A row for each second, and with `drain` for those after it until nothing waits any more."""
    run = _Run(policy, traffic or Traffic(), retrying or Retrying())
    for second in seconds:
        yield run.second(second)
    last = seconds[-1].phase if seconds else 1
    while drain and run.unsent:
        yield run.second(Second(0, IDLE, 0, 0, last))


class _Run:
    """A simulation under way."""

    def __init__(self, policy: Policy, traffic: Traffic, retrying: Retrying) -> None:
        self._policy = policy
        self._stream = OnDemandStream(policy)
        self._traffic = traffic
        self._retrying = retrying
        self._groups = groups.fresh(traffic.shares(self._stream.shards))
        self._senders: list[Senders] = []
        """The last one's are the phase's own."""
        self._rest: Fluid = np.zeros(len(self._groups.sizes))

    @property
    def unsent(self) -> bool:
        """Whether half a record or more is neither taken nor given up."""
        return sum(senders.unsent for senders in self._senders) >= 0.5

    def second(self, second: Second) -> Row:
        """Let one second pass."""
        shards = self._stream.shards
        self._change_over(second.phase)
        for senders in self._senders:
            senders.begin_second()
        self._send(second, *self._traffic.packing(second.offered / max(1, second.running), shards))
        if self._stream.tick():
            groups_before = self._groups
            now = self._stream.shards
            shares = self._traffic.shares(now)
            self._groups, heirs = groups.followed(groups_before, shards, now, shares)
            for senders in self._senders:
                senders.reshard(groups_before.sizes, self._groups.sizes, heirs)
            self._rest = np.zeros(len(self._groups.sizes))
        return self._row(second, len(shards))

    def _change_over(self, phase: int) -> None:
        """Begin a phase if it is a new one, and let go of those that have drained."""
        now = self._stream.second
        self._senders = [s for s in self._senders if s.ended is None or s.unsent]
        if not self._senders or self._senders[-1].phase != phase:
            for senders in self._senders:
                senders.ended = now if senders.ended is None else senders.ended
            self._senders.append(Senders(phase, self._retrying, len(self._groups.sizes)))

    def _send(self, second: Second, records: float, size: int) -> None:
        """Offer a second's traffic, so many user records in an entry of `size` bytes."""
        own = self._senders[-1]
        steps = [
            senders.make(second.steps if senders is own else IDLE) for senders in self._senders
        ]
        quiet = not any(senders.retries for senders in self._senders)
        if quiet and self._fits(sum(map(sum, steps)), records, size):
            steps = [[sum(due)] for due in steps]  # nothing is refused: the steps don't matter
        for dues in zip(*steps, strict=True):
            sent = [
                senders.send(due, self._groups)
                for senders, due in zip(self._senders, dues, strict=True)
            ]
            share = self._offer(sum(sent[1:], start=sent[0]), records, size)
            for senders in self._senders:
                senders.settle(share)
        for senders in self._senders:
            if senders.ended is not None and self._stream.second - senders.ended >= DRAIN_SECONDS:
                senders.give_up()

    def _fits(self, due: float, records: float, size: int) -> bool:
        """Whether no shard gets more than it takes in a second."""
        entries = due * float(self._groups.shares.max()) / records + 1
        return entries <= self._policy.shard_records and entries * size <= self._policy.shard_bytes

    def _offer(self, offered: Fluid, records: float, size: int) -> Fluid:
        """Offer whole entries, keep the rest for the next step; return the part taken."""
        wanted = offered / self._groups.sizes / records + self._rest
        whole = np.floor(wanted)
        self._rest = wanted - whole
        counts: Counts = whole.astype(np.int64)[self._groups.of_shard]
        result = self._stream.offer(counts, counts * size)
        taken = result.records[self._groups.first]
        share: Fluid = np.divide(taken, whole, out=np.ones_like(whole), where=whole > 0)
        return share

    def _row(self, second: Second, shards: int) -> Row:
        p50, p99 = self._latencies(0.5, 0.99)
        return Row(
            second=self._stream.second - 1,
            phase=second.phase,
            target=second.target,
            books=tuple(senders.books() for senders in self._senders),
            waiting=sum(senders.waiting for senders in self._senders),
            shards=shards,
            tasks=second.tasks,
            running=second.running,
            p50_seconds=p50,
            p99_seconds=p99,
        )

    def _latencies(self, *quantiles: float) -> list[float | None]:
        """How old what was accepted in this second was, seconds; None if nothing was."""
        by_tries: Fluid = np.sum([s.accepted_by_tries for s in self._senders], axis=0)
        found = np.flatnonzero(by_tries)
        if not len(found):
            return [None] * len(quantiles)
        busy = int(found[-1]) + 1
        ages = np.cumsum(by_tries[:busy] @ self._retrying.ages[:busy])
        steps = np.searchsorted(ages, np.array(quantiles) * ages[-1])
        return [(int(step) + 0.5) / STEPS for step in steps]
