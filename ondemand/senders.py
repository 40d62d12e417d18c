"""The tasks of one phase, as a fluid: what they have made, what waits, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ondemand.groups import Groups, Heirs
from ondemand.retrying import Fluid, Retrying, Waiting
from ondemand.workload import STEPS


@dataclass(frozen=True)
class Books:
    """What became of a phase's records in a second; counts are user records."""

    phase: int
    offered: float
    accepted: float
    throttled: float
    """Refusals; a record that is refused three times counts three times."""
    failed: float
    """Given up: their time-to-live was over, or their tasks' time to drain."""


class Senders:
    """A phase's tasks. Arrays have a place for each group of shards."""

    def __init__(self, phase: int, retrying: Retrying, columns: int) -> None:
        self.phase = phase
        self.ended: int | None = None
        """The second in which the next phase began."""
        self._due = [0.0] * int(retrying.gathering_seconds * STEPS)
        """What is due and not sent yet, by step."""
        self._waiting = Waiting(retrying, columns)
        self._first: Fluid = np.zeros(columns)
        self._again: Fluid = np.zeros((0, columns))
        self.accepted_by_tries: Fluid = np.zeros(len(retrying.ages))
        self._offered = self._throttled = self._failed = 0.0

    @property
    def waiting(self) -> float:
        """Records that wait for another try."""
        return self._waiting.total

    @property
    def retries(self) -> bool:
        return bool(self._waiting)

    @property
    def unsent(self) -> float:
        """All that is neither taken nor given up."""
        return self._waiting.total + sum(self._due)

    def begin_second(self) -> None:
        self.accepted_by_tries[:] = 0.0
        self._offered = self._throttled = self._failed = 0.0

    def make(self, steps: Sequence[float]) -> list[float]:
        """Make a second's records, by step; return what is to be sent in its steps."""
        self._offered += sum(steps)
        self._due += steps
        now, self._due = self._due[:STEPS], self._due[STEPS:]
        return now

    def send(self, due: float, groups: Groups) -> Fluid:
        """What is sent in a step, retries included, by group."""
        self._first = due * groups.shares * groups.sizes
        if not self._waiting:
            self._again = np.zeros((0, len(self._first)))
            return self._first
        self._again = self._waiting.back()
        whole: Fluid = self._first + self._again.sum(axis=0)
        return whole

    def settle(self, share: Fluid) -> None:
        """Account for that step: this share of it was taken, by group."""
        self.accepted_by_tries[0] += float(self._first @ share)
        self.accepted_by_tries[1 : len(self._again) + 1] += self._again @ share
        first, again = self._first * (1 - share), self._again * (1 - share)
        refused = float(first.sum() + again.sum())
        if refused or len(again):
            self._throttled += refused
            self._failed += self._waiting.refuse(first, again)

    def give_up(self) -> None:
        """The time to drain is over."""
        self._failed += self.unsent
        self._due = []
        self._waiting.clear()

    def reshard(self, before: Fluid, now: Fluid, heirs: Heirs) -> None:
        """Go over to other groups of shards."""
        self._waiting.reshard(before, now, heirs)

    def books(self) -> Books:
        """Of the second so far."""
        accepted = float(self.accepted_by_tries.sum())
        return Books(self.phase, self._offered, accepted, self._throttled, self._failed)
