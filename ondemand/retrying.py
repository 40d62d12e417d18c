"""What waits for another try, as a fluid: how much comes back in each step, and how old it is.

A refused record waits a random time, uniform between nothing and a bound that doubles with each
try (worker/retrier.py). So what is refused in one step comes back evenly over a span of later
ones, and a step's return is the sum of all spans that lie over it, of which only the changes are
kept, a few for each refusal. A record's age is not kept. It follows from its number of tries, as a
distribution that is worked out once, and so do the part that is given up at each try and the
latencies of what was taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ondemand.groups import Heirs
from ondemand.workload import STEPS

_FEW = 1e-6
"""A part of what was refused so seldom that it is given up with those before it."""
_MOST_CHANGES = 4
"""Of a spread, which is even but for its first and last step."""
_DREGS = 1e-3
"""Waiting records that are too few to matter."""

Fluid = NDArray[np.float64]


@dataclass(frozen=True)
class Retrying:
    """How refused records are tried again; the worker's defaults (worker/retrier.py)."""

    first_wait_seconds: float = 0.1
    most_wait_seconds: float = 5.0
    time_to_live_seconds: float = 30.0
    gathering_seconds: float = 0.15
    """From when a record is due until its request goes (worker/gatherers.py)."""
    regathering_seconds: float = 0.12
    """The same for one whose wait is over: it joins a request that is filling."""

    def longest_wait(self, tries: int) -> float:
        """The bound on the wait after so many refusals, from 1, seconds."""
        doubled = self.first_wait_seconds * 2.0 ** min(tries - 1, 32)
        return float(min(self.most_wait_seconds, doubled))

    @cached_property
    def ages(self) -> Fluid:
        """How old records are when they are sent, in steps: a row for each number of refusals.

        What is refused when its time-to-live is over is given up and isn't in the next row.
        """
        first = np.zeros(self._limit)
        first[int(self.gathering_seconds * STEPS)] = 1.0
        rows, left = [first], 1.0
        while left > _FEW:
            young = rows[-1][: self._limit]
            left *= young.sum()
            rows.append(np.convolve(young / young.sum(), self.spread(len(rows))))
        width = max(map(len, rows))
        return np.array([np.pad(row, (0, width - len(row))) for row in rows])

    @property
    def alive(self) -> Fluid:
        """The part of those refused that is tried again, by how often it was refused before."""
        young: Fluid = self.ages[:, : self._limit].sum(axis=1)
        young[-1] = 0.0
        return young

    @property
    def _limit(self) -> int:
        return int(self.time_to_live_seconds * STEPS)

    def spread(self, tries: int) -> Fluid:
        """The part that is sent again in each later step, after so many refusals."""
        begin = self.regathering_seconds * STEPS + 0.5  # refused in the middle of a step
        end = begin + self.longest_wait(tries) * STEPS
        edges = np.arange(int(np.ceil(end)) + 1)
        covered = np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin)
        parts: Fluid = np.clip(covered, 0.0, None) / (end - begin)
        return parts


class Waiting:
    """What waits, by tries so far and group of shards. Counts are user records."""

    def __init__(self, retrying: Retrying, columns: int) -> None:
        self._alive = retrying.alive[:-1]
        self._tries = len(self._alive)
        self._places, self._changes = _changes(retrying, self._tries)
        self._coming = np.zeros((self._places.max() + 1, self._tries, columns))
        """A ring: what the return changes by in each step to come."""
        self._now = 0
        self._return: Fluid = np.zeros((self._tries, columns))
        self._waiting: Fluid = np.zeros(columns)
        self._busy = 0
        """The rows that may hold something."""

    @property
    def total(self) -> float:
        return float(self._waiting.sum())

    def __bool__(self) -> bool:
        return self._busy > 0

    def back(self) -> Fluid:
        """What comes back in this step, by tries so far and group; begins the step."""
        busy = self._busy
        current = self._coming[self._now, :busy]
        self._return[:busy] += current
        current[:] = 0.0
        returned = np.clip(self._return[:busy], 0.0, None)
        self._waiting -= returned.sum(axis=0)
        return returned

    def refuse(self, first: Fluid, again: Fluid) -> float:
        """Have refused records wait: new ones, and those of `back`; return how many give up.

        Ends the step.
        """
        refused = np.concatenate((first[None], again))[: self._tries]
        kept = refused * self._alive[: len(refused), None]
        failed = float(first.sum() + again.sum() - kept.sum())
        rows = np.arange(len(refused))
        size = len(self._coming)
        for place, change in zip(self._places, self._changes, strict=True):
            slots = (self._now + place[: len(refused)]) % size
            self._coming[slots, rows] += kept * change[: len(refused), None]
        self._waiting += kept.sum(axis=0)
        self._now = (self._now + 1) % size
        self._busy = max(self._busy, len(refused))
        if self.total < _DREGS:
            failed += max(0.0, self.total)
            self.clear()
        return failed

    def reshard(self, before: Fluid, now: Fluid, heirs: Heirs) -> None:
        """Go over to other groups, which have so many shards and inherit from those before."""
        old = (self._coming, self._return, self._waiting)
        fresh = [np.zeros((*array.shape[:-1], len(now))) for array in old]
        for place, parts in enumerate(heirs):
            for source, part in parts:
                for earlier, later in zip(old, fresh, strict=True):
                    later[..., place] += earlier[..., source] * (part * now[place] / before[source])
        self._coming, self._return, self._waiting = fresh

    def clear(self) -> None:
        """Forget all that waits."""
        for array in (self._coming, self._return, self._waiting):
            array[:] = 0.0
        self._busy = 0


def _changes(retrying: Retrying, tries: int) -> tuple[NDArray[np.int64], Fluid]:
    """Where each try's spread changes and by how much: (n-th change, tries) both.

    One that changes less often changes by nothing for the rest.
    """
    places, changes = [], []
    for number in range(1, tries + 1):
        rises = np.diff(retrying.spread(number), prepend=0.0, append=0.0)
        at = np.flatnonzero(np.abs(rises) > 1e-12)
        padding = [at[-1]] * (_MOST_CHANGES - len(at))
        places.append([*at, *padding])
        changes.append([*rises[at], *[0.0] * len(padding)])
    return np.array(places).T, np.array(changes).T
