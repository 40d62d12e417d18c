"""Has MiniStack hold equal values of a second once, counted, and packed.

Fifty tasks publish a latency as thirty values and counts each second, and every question about the
metric looks at all points that there are, during which nothing else is answered. The values are the
buckets of one histogram, so most of them are the same: held once, with their counts added, they
make the same sums and percentiles of a fraction of the points. MiniStack would hold each point as a
dictionary of half a kilobyte; in packed columns it has a few bytes, and a long demo little history.

These are names inside the pinned version of MiniStack; another one that lacks them is refused.
"""

from __future__ import annotations

import math
import sys
import time
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any
from zlib import compress, decompress

from ministack.services import cloudwatch

Point = dict[str, Any]
BLOCK = 512
"""Points that new ones are compared with, some seconds of a latency; older ones are packed."""


def merge_points() -> None:
    """Replace the lists of points; AttributeError if MiniStack has none of that name."""
    made_by_ministack = cloudwatch._metric_bucket

    def bucket(key: tuple[str, ...]) -> Points:
        points = made_by_ministack(key)
        if not isinstance(points, Points):
            points = cloudwatch._metrics[key] = Points(points)
        return points

    cloudwatch._metric_bucket = bucket


def forget_old_points() -> None:
    """Forget what CloudWatch doesn't keep any longer, as MiniStack's own look does."""
    before = time.time() - cloudwatch.TWO_WEEKS_SECONDS
    for key, points in list(cloudwatch._metrics.items()):
        kept = points.since(before)
        if kept:
            cloudwatch._metrics[key] = kept
        else:
            del cloudwatch._metrics[key]


class Points:
    """One metric's points, which have the same dimensions."""

    def __init__(self, held: Iterable[Point] = ()) -> None:
        self._full: list[bytes] = []
        """Blocks of BLOCK points, packed."""
        self._times, self._values, self._counts, self._units = _columns()
        self._unit_names: list[str] = []
        self._dimensions: Any = {}
        self._sets: list[Point] = []
        """Sets of statistics, which are no single values."""
        self._known: dict[tuple[float, float, str], int] = {}
        """Where in the last block the point of a time, value and unit is."""
        self._oldest = math.inf
        for point in held:
            self.append(point)

    def __len__(self) -> int:
        return BLOCK * len(self._full) + len(self._times) + len(self._sets)

    def __getitem__(self, place: int) -> Point:
        return next(islice(iter(self), place, None))

    def __iter__(self) -> Iterator[Point]:
        """Each as MiniStack would hold it."""
        names, dimensions = self._unit_names, self._dimensions
        last = (self._times, self._values, self._counts, self._units)
        for times, values, counts, units in chain(map(_unpacked, self._full), (last,)):
            # By the block: every question about the metric looks at all of them.
            yield from [
                {
                    "Timestamp": at,
                    "Value": value,
                    "Count": count,
                    "Unit": unit,
                    "Dimensions": dimensions,
                }
                for at, value, count, unit in zip(
                    times, values, counts, [names[int(unit)] for unit in units], strict=True
                )
            ]
        yield from self._sets

    @property
    def held_bytes(self) -> int:
        """Memory that its full blocks take."""
        return sum(map(sys.getsizeof, self._full))

    def append(self, point: Point) -> None:
        """Add a point, or its count to the one that is like it."""
        self._dimensions = point.get("Dimensions", {})
        self._oldest = min(self._oldest, point["Timestamp"])
        if "_stat" in point:
            self._sets.append(point)
            return
        key = point["Timestamp"], point["Value"], point["Unit"]
        count = point.get("Count", 1.0)
        place = self._known.get(key)
        if place is not None:
            self._counts[place] += count
            return
        if len(self._times) == BLOCK:
            self._pack()
        self._known[key] = len(self._times)
        self._times.append(key[0])
        self._values.append(key[1])
        self._counts.append(count)
        self._units.append(self._unit(key[2]))

    def since(self, moment: float) -> Points:
        """Those of that moment, epoch seconds, and later."""
        if self._oldest >= moment:
            return self
        return Points(point for point in self if point["Timestamp"] >= moment)

    def _pack(self) -> None:
        columns = (self._times, self._values, self._counts, self._units)
        self._full.append(compress(b"".join(column.tobytes() for column in columns), 1))
        self._times, self._values, self._counts, self._units = _columns()
        self._known.clear()

    def _unit(self, name: str) -> int:
        if name not in self._unit_names:
            self._unit_names.append(name)
        return self._unit_names.index(name)


def _columns() -> tuple[array[float], ...]:
    """Times, values, counts, units; those are few, but all columns alike unpack alike."""
    return array("d"), array("d"), array("d"), array("d")


def _unpacked(block: bytes) -> tuple[array[float], ...]:
    numbers = array("d", decompress(block))
    return tuple(numbers[start : start + BLOCK] for start in range(0, 4 * BLOCK, BLOCK))
