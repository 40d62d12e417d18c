"""When a phase reached its target, and what it achieved from then on. Pure.

Terms. A phase has *reached* its target at the first arrival from which on one second holds 99% of
the target. What it *achieved* is the rate from that arrival (left out, since it ends an interval
that began before) to the last arrival of the phase. Times are those at which Kinesis took them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REACHED_SHARE = 0.99
WINDOW_MS = 1_000


@dataclass(frozen=True)
class Achievement:
    """How a phase did against its target."""

    achieved_tps: float
    seconds_to_target: float | None
    """From the phase's start; None if the target was never reached."""


def achievement(
    arrivals: Mapping[int, int], target_tps: float, start_ms: int, end_ms: int
) -> Achievement:
    """Judge a phase by its arrivals (records by millisecond) between its start and its end.

    A phase that never reached its target is judged by its whole time.
    """
    series = sorted((ms, count) for ms, count in arrivals.items() if start_ms <= ms)
    first = _reached(series, target_tps)
    if first is None:
        total = sum(count for _, count in series)
        return Achievement(total * 1000 / max(1, end_ms - start_ms), None)
    reached_ms = series[first][0]
    after = sum(count for _, count in series[first + 1 :])
    seconds = max(1, series[-1][0] - reached_ms) / 1000
    return Achievement(after / seconds, (reached_ms - start_ms) / 1000)


def _reached(series: list[tuple[int, int]], target_tps: float) -> int | None:
    """Index of the first arrival whose following second holds enough; None if there is none."""
    enough = REACHED_SHARE * target_tps * WINDOW_MS / 1000
    in_window = 0
    end = 0
    for begin, (ms, count) in enumerate(series):
        while end < len(series) and series[end][0] < ms + WINDOW_MS:
            in_window += series[end][1]
            end += 1
        if in_window >= enough and series[-1][0] > ms:
            return begin
        in_window -= count
    return None
