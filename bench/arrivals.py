"""What an arrival log says about pace. Pure.

Records come in requests, each of which gathered for a while. Counted as they come, a window holds
one request more or less, which says how large requests are and not how even the pace is. So both
are told: *as they came*, and *spread*, each request's records even over the time since the request
before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

NS = 1_000_000_000
GRID_NS = NS // 100
"""Windows begin at every 10 ms."""


class Log:
    """When records came."""

    def __init__(self, times_ns: Sequence[int], records: Sequence[int]) -> None:
        """Per request: monotonic nanoseconds, ascending, and how many records it held."""
        self.times_ns = times_ns
        self.records = records
        self._so_far = [0, *accumulate(records)]

    @property
    def total(self) -> int:
        return self._so_far[-1]

    def come_by(self, time_ns: int) -> int:
        """Records that had come at that time."""
        return self._so_far[bisect_right(self.times_ns, time_ns)]

    def spread_by(self, time_ns: int) -> float:
        """The same, with each request's records spread over the time since the one before."""
        after = bisect_right(self.times_ns, time_ns)
        done = float(self._so_far[after])
        if after in (0, len(self.times_ns)):
            return done
        since, until = self.times_ns[after - 1], self.times_ns[after]
        return done + self.records[after] * (time_ns - since) / (until - since)

    def between(self, from_ns: int, to_ns: int) -> float:
        """Records of a stretch of time, requests at its edges in part."""
        return self.spread_by(to_ns) - self.spread_by(from_ns)


@dataclass(frozen=True)
class Evenness:
    """How far windows of one width are from the pace."""

    width_ns: int
    worst: float
    """Records, the largest deviation of any window, spread."""
    worst_as_come: float
    within: float
    """Share of windows, spread, that deviate by no more than the tolerance, 0 to 1."""
    expected: float
    """Records in a window at that pace."""

    @property
    def worst_share(self) -> float:
        return self.worst / self.expected


def evenness(
    log: Log, rate: float, width_ns: int, span_ns: tuple[int, int], tolerance: float
) -> Evenness:
    """Compare every window inside the span with `rate` records/s; `tolerance` is in records.

    Raises ValueError for a span that holds no window.
    """
    first, last = span_ns[0], span_ns[1] - width_ns
    if last < first:
        raise ValueError(f"no window of {width_ns / NS:g} s fits into the measured time")
    expected = rate * width_ns / NS
    starts = range(first, last + 1, GRID_NS)
    spread = [abs(log.between(start, start + width_ns) - expected) for start in starts]
    come = [abs(log.come_by(start + width_ns) - log.come_by(start) - expected) for start in starts]
    return Evenness(
        width_ns=width_ns,
        worst=max(spread),
        worst_as_come=max(come),
        within=sum(deviation <= tolerance for deviation in spread) / len(spread),
        expected=expected,
    )
