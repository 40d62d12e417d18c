"""When a phase reached its target, and what it achieved from then on. Pure.

Terms. A phase has *reached* its target at the first moment whose following second is within 1% of
it (or one record): a second in which late starters catch up is over the target and doesn't count.
What it *achieved* is the mean rate from there to its end. Times are those at which Kinesis took the
records. Records arrive in batches, so a producer's batch is spread over the time since its previous
one: otherwise the records that wait at either end of the measured time would count for or against
it, a tenth of a second's worth.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

TOLERANCE = 0.01
WINDOW_MS = 1_000
STEP_MS = 10

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
    """How many of a producer's records had arrived by a moment, linear between its batches.

    The first batch has no previous one: it is spread over the time that the producer's later pace
    would have taken for it.
    """

    def __init__(self, arrivals: Arrivals) -> None:
        times = sorted(arrivals)
        self.first_ms = times[0]
        totals = list(accumulate(arrivals[ms] for ms in times))
        paced = totals[-1] - totals[0]
        lead = totals[0] * (times[-1] - times[0]) / paced if paced else 0.0
        self._times = [times[0] - lead, *times]
        self._totals = [0, *totals]

    def at(self, ms: int) -> float:
        after = bisect_right(self._times, ms)
        if after == 0:
            return 0
        if after == len(self._times):
            return self._totals[-1]
        begin, end = self._times[after - 1 : after + 1]
        share = (ms - begin) / (end - begin)
        before = self._totals[after - 1]
        return before + share * (self._totals[after] - before)


def _reached(curves: list[_Curve], target_tps: float, start_ms: int, end_ms: int) -> int | None:
    """The first moment whose following second, before the end, is on target; None without one."""
    if not curves:
        return None
    tolerance = max(TOLERANCE * target_tps, 1.0)
    first_ms = max(start_ms, min(curve.first_ms for curve in curves))
    for ms in range(first_ms, end_ms - WINDOW_MS + 1, STEP_MS):
        held = sum(curve.at(ms + WINDOW_MS) - curve.at(ms) for curve in curves)
        if abs(held - target_tps) <= tolerance:
            return ms
    return None
