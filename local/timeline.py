"""When a phase reached its target, and what it achieved from then on. Pure.

Terms. A phase has *reached* its target at the first arrival from which on one second holds 99% of
the target. What it *achieved* is the mean rate from there to its end. Times are those at which
Kinesis took the records. Records arrive in batches, so a producer's batch is spread over the time
since its previous one: otherwise the records that wait at either end of the measured time would
count for or against it, a tenth of a second's worth.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

REACHED_SHARE = 0.99
WINDOW_MS = 1_000

Arrivals = Mapping[int, int]
"""Records by the Unix millisecond in which they arrived."""


@dataclass(frozen=True)
class Achievement:
    """How a phase did against its target."""

    achieved_tps: float
    seconds_to_target: float | None
    """From the phase's start; None if the target was never reached."""


def achievement(
    producers: Iterable[Arrivals], target_tps: float, start_ms: int, end_ms: int
) -> Achievement:
    """Judge a phase by its producers' arrivals between its start and its end.

    A phase that never reached its target is judged by its whole time.
    """
    curves = [_Curve(arrivals) for arrivals in producers]
    reached_ms = _reached(curves, target_tps, start_ms, end_ms)
    since_ms = start_ms if reached_ms is None else reached_ms
    arrived = sum(curve.at(end_ms) - curve.at(since_ms) for curve in curves)
    return Achievement(
        achieved_tps=arrived * 1000 / max(1, end_ms - since_ms),
        seconds_to_target=None if reached_ms is None else (reached_ms - start_ms) / 1000,
    )


class _Curve:
    """How many of a producer's records had arrived by a moment, linear between its batches."""

    def __init__(self, arrivals: Arrivals) -> None:
        self.arrivals = arrivals
        self._times = sorted(arrivals)
        self._totals = list(accumulate(arrivals[ms] for ms in self._times))

    def at(self, ms: int) -> float:
        after = bisect_right(self._times, ms)
        if after == 0:
            return 0
        if after == len(self._times):
            return self._totals[-1]
        begin, end = self._times[after - 1 : after + 1]
        share = (ms - begin) / (end - begin)
        return self._totals[after - 1] + share * self.arrivals[end]


def _reached(curves: list[_Curve], target_tps: float, start_ms: int, end_ms: int) -> int | None:
    """The first arrival whose following second, before the end, holds enough; None without one."""
    merged: Counter[int] = Counter()
    for curve in curves:
        merged.update(curve.arrivals)
    series = sorted((ms, count) for ms, count in merged.items() if start_ms <= ms)
    enough = REACHED_SHARE * target_tps * WINDOW_MS / 1000
    in_window = 0
    end = 0
    for ms, count in series:
        if ms + WINDOW_MS > end_ms:
            return None
        while end < len(series) and series[end][0] < ms + WINDOW_MS:
            in_window += series[end][1]
            end += 1
        if in_window >= enough:
            return ms
        in_window -= count
    return None
