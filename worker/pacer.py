"""How many records are due by now: a pure function of elapsed time, so totals cannot drift.

Terms. A *pool* owes `rate` records per second from its start on. A *slot* is one producer's seat in
the pool; a producer that dies is replaced in its seat. Of the pool's records 1, 2, 3, … every slot
owes each `slots`-th one, so that the slots' shares add up to the pool's total at every instant
(Hermite's identity: the floors of (n + k)/m over k < m sum to n).

The pacer never looks at a clock and never sleeps: its caller owns time, and passes nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

NS = 1_000_000_000

CATCH_UP_FACTOR = 2
"""A producer that fell behind sends at no more than twice its pace until it is level again."""

LONGEST_STEP_NS = NS // 4
"""A step that took longer than this earns no further catch-up: it was a pause, not work."""


@dataclass(frozen=True)
class Pacer:
    """The share of `slot` (0 … slots - 1) in a pool that owes `rate` records per second."""

    rate: Fraction
    slot: int
    slots: int

    def due(self, elapsed_ns: int) -> int:
        """Records that this slot owes in all, `elapsed_ns` after the pool's start."""
        if elapsed_ns <= 0:
            return 0
        pool_due = elapsed_ns * self.rate.numerator // (self.rate.denominator * NS)
        return (pool_due + self.slot) // self.slots

    def due_at(self, count: int) -> int | None:
        """Nanoseconds after the start at which this slot's record number `count` (from 1) is due.

        None where that never happens, at a rate of 0.
        """
        if self.rate == 0:
            return None
        pool_count = count * self.slots - self.slot
        return -(-pool_count * self.rate.denominator * NS // self.rate.numerator)

    def dues(self, generated: int, number: int, start_ns: int) -> list[int]:
        """When each of the next `number` records was due, on the clock that `start_ns` is on.

        `generated` is how many the slot has made before.
        """
        first = (generated + 1) * self.slots - self.slot
        ns, rate = self.rate.denominator * NS, self.rate.numerator
        counts = range(first, first + number * self.slots, self.slots)
        return [start_ns - (-count * ns // rate) for count in counts]

    def allowed(self, elapsed_ns: int, generated: int, step_ns: int) -> int:
        """Records to generate now, `step_ns` after the last look: what is due, within bounds."""
        behind = self.due(elapsed_ns) - generated
        if behind <= 0:
            return 0
        step = min(step_ns, LONGEST_STEP_NS)
        ns = self.rate.denominator * self.slots * NS
        return min(behind, CATCH_UP_FACTOR * self.rate.numerator * step // ns + 1)


@dataclass(frozen=True)
class Unpaced:
    """For TARGET_TPS=max: as many records as can be sent, each due when it is made."""

    burst: int = 2_000
    """Records made in one step at the most."""

    def due(self, elapsed_ns: int) -> int:
        """Nothing is owed, so nothing can be missed."""
        del elapsed_ns
        return 0

    def due_at(self, count: int) -> int | None:
        """At once."""
        del count
        return 0

    def dues(self, generated: int, number: int, start_ns: int) -> list[int]:
        """There is no plan to be late against: see `Pipeline`, which takes the present."""
        del generated
        return [start_ns] * number

    def allowed(self, elapsed_ns: int, generated: int, step_ns: int) -> int:
        del elapsed_ns, generated, step_ns
        return self.burst


Pace: TypeAlias = Pacer | Unpaced
