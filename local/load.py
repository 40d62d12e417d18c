"""How busy this machine was in each phase, to tell what limited a phase that fell short.

Two things can run out on one machine: its CPUs, and the one core that the embedded Kinesis can use,
being a single Python process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean

import psutil

BUSY = 0.85
"""A resource that is used beyond this share is taken for the limit."""


@dataclass(frozen=True)
class Load:
    """Shares of capacity in use, 0 to 1."""

    machine: float
    """All CPUs of this machine."""
    stack: float
    """One core, by the embedded AWS."""


class LoadMeter:
    """Samples the load between two calls and books it to a phase."""

    def __init__(self, stack_pid: int) -> None:
        self._stack = psutil.Process(stack_pid)
        self._samples: dict[int, list[Load]] = defaultdict(list)
        self._take()

    def sample(self, phase: int) -> None:
        """Book the load since the last call to `phase`."""
        self._samples[phase].append(self._take())

    def of_phase(self, phase: int) -> Load | None:
        """The mean load of a phase; None if it was never sampled."""
        samples = self._samples.get(phase)
        if not samples:
            return None
        return Load(mean(s.machine for s in samples), mean(s.stack for s in samples))

    def _take(self) -> Load:
        try:
            stack = self._stack.cpu_percent() / 100
        except psutil.NoSuchProcess:
            stack = 0.0
        return Load(psutil.cpu_percent() / 100, stack)


_WORKERS_WORDS = {
    "cpu": "used all the CPU that they may",
    "throttling": "were held up by throttling",
    "service": "waited for answers",
}


def limiting_factor(
    load: Load | None, throttled: int, missed: int, workers: Mapping[str, int]
) -> str:
    """Say in words what kept a phase from its target.

    `workers`: how many workers say what limited them (worker/bottleneck.py).
    """
    reasons = [
        f"{number:,} {'worker' if number == 1 else 'workers'} {_WORKERS_WORDS.get(limit, limit)}"
        for limit, number in sorted(workers.items())
    ]
    if throttled:
        reasons.append(f"the stream throttled {throttled:,} records")
    if load is not None and load.stack > BUSY:
        reasons.append(f"the embedded Kinesis used {load.stack:.0%} of the one core it can use")
    if load is not None and load.machine > BUSY:
        reasons.append(f"this machine's CPUs were {load.machine:.0%} busy")
    if missed:
        reasons.append(f"{missed:,} records were due and not made, as sending was held up")
    return "; ".join(reasons) or "no resource was at its limit: the tasks may have started late"
