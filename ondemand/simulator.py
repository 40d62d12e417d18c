"""Runs a workload against the model, with producers that retry as the worker does.

A tenth of a second a step: what is due, and what comes back from waiting, is offered to the shards;
what they refuse waits for a time that doubles with each try, and is given up when its time-to-live
is over. Records are a fluid here: a part of those that wait comes back in each step, the mean wait
being the worker's. So a million records cost no more than one.

Waiting records lie in an array of [seconds since due, tries, shard]; when a shard splits, its part
is shared by its children.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ondemand.policy import Policy
from ondemand.stream import Counts, OnDemandStream, Taken
from ondemand.workload import Second

STEPS = 10
"""A second."""

_DREGS = 1e-3
"""A part of a record that is too small to matter."""

Fluid = NDArray[np.float64]


@dataclass(frozen=True)
class Retrying:
    """How refused records are tried again; the worker's defaults (worker/retrier.py)."""

    first_wait_seconds: float = 0.1
    most_wait_seconds: float = 5.0
    time_to_live_seconds: int = 30
    gathering_seconds: float = 0.05
    """What joining the next request takes on top."""

    def returning(self) -> Fluid:
        """The part of those that wait which comes back in a step, by tries so far."""
        waits: list[float] = []
        while not waits or waits[-1] < self.most_wait_seconds:
            waits.append(min(self.most_wait_seconds, self.first_wait_seconds * 2 ** len(waits)))
        means = np.array(waits) / 2 + self.gathering_seconds
        parts: Fluid = np.minimum(1.0, 1 / (means * STEPS))
        return parts


@dataclass(frozen=True)
class Traffic:
    """What the records are like."""

    record_bytes: int = 420
    """Of what Kinesis counts as a record, key included; with aggregation an aggregate."""
    user_records: float = 1.0
    """User records in each."""
    hot_share: float = 0.0
    """The part of the records that one partition key has."""
    hot_hash: int = 0


@dataclass(frozen=True)
class Row:
    """One second of a simulation; counts are user records."""

    second: int
    phase: int
    target: float
    offered: float
    accepted: float
    throttled: float
    """Refusals; a record that is refused three times counts three times."""
    failed: float
    """Given up: their time-to-live was over."""
    waiting: float
    shards: int
    tasks: int
    running: int
    mean_wait: float
    """Of what was accepted, from when it was due, seconds."""


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
    last = seconds[-1] if seconds else Second(0, 0, 0, 0, 1)
    while drain and run.waits:
        yield run.second(Second(0, 0, 0, 0, last.phase))


class _Run:
    """A simulation under way."""

    def __init__(self, policy: Policy, traffic: Traffic, retrying: Retrying) -> None:
        self._stream = OnDemandStream(policy)
        self._traffic = traffic
        self._returning = retrying.returning()
        ages, tries = retrying.time_to_live_seconds + 1, len(self._returning)
        count = len(self._stream.shards)
        self._waiting: Fluid = np.zeros((ages, tries, count))
        self._any_waits = False
        self._rest: Fluid = np.zeros(count)
        self._shares = self._shares_now()

    @property
    def waits(self) -> bool:
        """Whether half a record or more waits."""
        return bool(self._waiting.sum() >= 0.5)

    def second(self, second: Second) -> Row:
        """Let one second pass."""
        shards = len(self._stream.shards)
        per_step = second.offered / self._traffic.user_records / STEPS
        accepted = throttled = waited = 0.0
        for step in range(STEPS):
            taken, refused, wait = self._step(per_step * self._shares, (STEPS - step) / STEPS)
            accepted, throttled, waited = accepted + taken, throttled + refused, waited + wait
        failed = self._grow_older() if self._any_waits else 0.0
        self._follow()
        each = self._traffic.user_records
        return Row(
            second=self._stream.second - 1,
            phase=second.phase,
            target=second.target,
            offered=second.offered,
            accepted=accepted * each,
            throttled=throttled * each,
            failed=failed * each,
            waiting=float(self._waiting.sum()) * each,
            shards=shards,
            tasks=second.tasks,
            running=second.running,
            mean_wait=waited / accepted if accepted else 0.0,
        )

    def _grow_older(self) -> float:
        """A second has passed for what waits; return what is given up by that."""
        failed = float(self._waiting[-1].sum())
        self._waiting[1:] = self._waiting[:-1].copy()
        self._waiting[0] = 0.0
        self._waiting[self._waiting < _DREGS] = 0.0
        self._any_waits = bool(self._waiting.any())
        return failed

    def _step(self, due: Fluid, left: float) -> tuple[float, float, float]:
        """Offer what is due and what comes back; return taken, refused, and the taken's wait."""
        if not self._any_waits:
            result, share = self._offer(due)
            if result.throttled.any():
                self._any_waits = True
                self._waiting[0, 0] += due * (1 - share)
            return float(result.records.sum()), float(result.throttled.sum()), 0.0
        back = self._waiting * self._returning[None, :, None]
        result, share = self._offer(due + back.sum(axis=(0, 1)))
        refused = back * (1 - share)
        self._waiting -= back
        self._waiting[:, 1:] += refused[:, :-1]
        self._waiting[:, -1] += refused[:, -1]
        self._waiting[0, 0] += due * (1 - share)
        taken_back = (back * share).sum(axis=(1, 2))
        ages = np.arange(len(taken_back)) + 0.5 * (1 - left)
        waited = float(taken_back @ ages)
        return float(result.records.sum()), float(result.throttled.sum()), waited

    def _offer(self, offered: Fluid) -> tuple[Taken, Fluid]:
        """Offer whole records, keep the rest for the next step; return also the part taken."""
        whole = np.floor(offered + self._rest)
        self._rest += offered - whole
        counts: Counts = whole.astype(np.int64)
        result = self._stream.offer(counts, counts * self._traffic.record_bytes)
        share = np.divide(result.records, whole, out=np.ones_like(whole), where=whole > 0)
        return result, share

    def _follow(self) -> None:
        """End the stream's second, and bring what waits to the shards that there are then."""
        before = {shard.number: place for place, shard in enumerate(self._stream.shards)}
        if not self._stream.tick():
            return
        shards = self._stream.shards
        moved = np.zeros((*self._waiting.shape[:2], len(shards)))
        for place, shard in enumerate(shards):
            if shard.number in before:
                moved[:, :, place] = self._waiting[:, :, before[shard.number]]
            elif shard.adjacent_parent is None and shard.parent is not None:
                part = self._part_of_parent(place)
                moved[:, :, place] = self._waiting[:, :, before[shard.parent]] * part
            else:
                for parent in (shard.parent, shard.adjacent_parent):
                    if parent is not None:
                        moved[:, :, place] += self._waiting[:, :, before[parent]]
        self._waiting = moved
        self._rest = np.zeros(len(shards))
        self._shares = self._shares_now()

    def _part_of_parent(self, place: int) -> float:
        """The part of a split shard's waiting records that goes to this child."""
        if not self._traffic.hot_share:
            return 0.5
        shard = self._stream.shards[place]
        hot = self._stream.place_of(self._traffic.hot_hash)
        family = [p for p, s in enumerate(self._stream.shards) if s.parent == shard.parent]
        if hot not in family:
            return 0.5
        return 1.0 if hot == place else 0.0

    def _shares_now(self) -> Fluid:
        """The part of the records that goes to each shard."""
        shares = self._stream.shares() * (1 - self._traffic.hot_share)
        shares[self._stream.place_of(self._traffic.hot_hash)] += self._traffic.hot_share
        return shares
