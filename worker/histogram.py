"""Latencies, counted in buckets that can be added up over processes and tasks.

A bucket is a sixteenth of an octave wide, so a percentile is right to 6%; the smallest are 131 µs
(2¹⁷ ns), the largest hold some two minutes and all above. The cells may live anywhere that holds
64-bit integers: in a list, or in the scoreboard, where they outlive their process.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Protocol

_UNIT_BITS = 17
_SUB_BITS = 4
_SUB = 1 << _SUB_BITS
_LARGEST = (1 << 20) - 1
CELLS = ((20 - _SUB_BITS - 1) << _SUB_BITS) + 2 * _SUB + 1
"""The buckets, and one cell for the largest latency itself."""


class Cells(Protocol):
    """CELLS integers, zero to begin with."""

    def __getitem__(self, index: int, /) -> int: ...
    def __setitem__(self, index: int, value: int, /) -> None: ...


class Histogram:
    """Counts of latencies."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def add(self, latency_ns: int, count: int = 1) -> None:
        """Count a latency `count` times."""
        self._cells[_bucket(latency_ns >> _UNIT_BITS)] += count
        if latency_ns > self._cells[-1]:
            self._cells[-1] = latency_ns

    def add_all(self, now_ns: int, since_ns: Iterable[int]) -> None:
        """Count the latencies from each of these moments to now.

        They fill few buckets, so it is cheaper to look for the buckets' ends than at each moment.
        """
        since_ns = sorted(since_ns)
        self._cells[-1] = max(self._cells[-1], now_ns - since_ns[0])
        position = 0
        while position < len(since_ns):
            bucket = _bucket((now_ns - since_ns[position]) >> _UNIT_BITS)
            shortest_ns = _first_units(bucket) << _UNIT_BITS
            end = bisect_right(since_ns, now_ns - shortest_ns, position + 1)
            self._cells[bucket] += end - position
            position = end


class Distribution:
    """A histogram as it stands: what was counted, and what that says."""

    def __init__(self, cells: Sequence[int]) -> None:
        self._cells = tuple(cells)

    @classmethod
    def merged(cls, parts: Iterable[Distribution]) -> Distribution:
        """All of them together."""
        rows = [part._cells for part in parts] or [(0,) * CELLS]
        counts = [sum(column) for column in zip(*(row[:-1] for row in rows), strict=True)]
        return cls([*counts, max(row[-1] for row in rows)])

    @classmethod
    def of(cls, buckets: Iterable[tuple[float, int]], max_ms: float) -> Distribution:
        """What `buckets` and `max_ms` told: (milliseconds, count) may have been rounded to a µs."""
        cells = [0] * CELLS
        for middle_ms, count in buckets:
            cells[_bucket(int(middle_ms * 1e6) >> _UNIT_BITS)] += count
        cells[-1] = round(max_ms * 1e6)
        return cls(cells)

    def since(self, earlier: Distribution) -> Distribution:
        """What was counted between the two; the largest latency stays the later one's."""
        pairs = zip(self._cells[:-1], earlier._cells[:-1], strict=True)
        return Distribution([*(late - early for late, early in pairs), self._cells[-1]])

    def buckets(self) -> list[tuple[float, int]]:
        """(milliseconds, count) of each bucket that holds something; the middle of the bucket."""
        return [(_middle_ms(i), n) for i, n in enumerate(self._cells[:-1]) if n]

    def percentile_ms(self, percent: float) -> float | None:
        """The latency that `percent` of all don't exceed, milliseconds; None if there are none."""
        total = sum(self._cells[:-1])
        if not total:
            return None
        seen = 0
        for middle_ms, count in self.buckets():
            seen += count
            if seen >= total * percent / 100:
                return min(middle_ms, self.max_ms)
        return self.max_ms

    @property
    def max_ms(self) -> float:
        return self._cells[-1] / 1e6

    def summary(self) -> dict[str, float] | None:
        """p50, p90, p99 and max in milliseconds; None if nothing was counted."""
        found = {f"p{p}": self.percentile_ms(p) for p in (50, 90, 99)}
        known = {name: round(value, 2) for name, value in found.items() if value is not None}
        return {**known, "max": round(self.max_ms, 2)} if known else None


def _bucket(units: int) -> int:
    units = min(max(0, units), _LARGEST)
    octave = max(0, units.bit_length() - _SUB_BITS - 1)
    return (octave << _SUB_BITS) + (units >> octave)


def _first_units(bucket: int) -> int:
    """The shortest latency that belongs into a bucket."""
    octave = _octave_of(bucket)
    return (bucket - (octave << _SUB_BITS)) << octave


def _middle_ms(bucket: int) -> float:
    width = 1 << _octave_of(bucket)
    return (_first_units(bucket) + width / 2) * (1 << _UNIT_BITS) / 1e6


def _octave_of(bucket: int) -> int:
    return max(0, (bucket >> _SUB_BITS) - 1)
