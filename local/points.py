"""Has MiniStack hold equal values of a second once, counted, and as columns of numbers.

Fifty tasks publish a latency as thirty values and counts each second, and every question about the
metric looks at all points that there are, during which nothing else is answered. The values are the
buckets of one histogram, so most of them are the same: held once, with their counts added, they
make the same sums and percentiles of a fraction of the points. MiniStack would hold each point as a
dictionary of half a kilobyte, 320 MB an hour for five tasks; in columns it has 25 bytes.

These are names inside the pinned version of MiniStack; another one that lacks them is refused.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ministack.services import cloudwatch

Point = dict[str, Any]
_MOST_KNOWN = 128
"""Points that new ones are compared with: the last seconds'. Others are merely held twice."""


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
        self._times, self._values, self._counts = array("d"), array("d"), array("d")
        self._units = array("B")
        self._unit_names: list[str] = []
        self._dimensions: Any = {}
        self._sets: list[Point] = []
        """Sets of statistics, which are no single values."""
        self._known: dict[tuple[float, float, str], int] = {}
        """Where the point of a time, value and unit is."""
        for point in held:
            self.append(point)

    def __len__(self) -> int:
        return len(self._times) + len(self._sets)

    def __getitem__(self, place: int) -> Point:
        return next(islice(iter(self), place, None))

    def __iter__(self) -> Iterator[Point]:
        """Each as MiniStack would hold it."""
        names, dimensions = self._unit_names, self._dimensions
        columns = zip(self._times, self._values, self._counts, self._units, strict=True)
        for at, value, count, unit in columns:
            yield {
                "Timestamp": at,
                "Value": value,
                "Count": count,
                "Unit": names[unit],
                "Dimensions": dimensions,
            }
        yield from self._sets

    def append(self, point: Point) -> None:
        """Add a point, or its count to the one that is like it."""
        self._dimensions = point.get("Dimensions", {})
        if "_stat" in point:
            self._sets.append(point)
            return
        key = point["Timestamp"], point["Value"], point["Unit"]
        count = point.get("Count", 1.0)
        place = self._known.get(key)
        if place is not None:
            self._counts[place] += count
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = len(self._times)
        self._times.append(key[0])
        self._values.append(key[1])
        self._counts.append(count)
        self._units.append(self._unit(key[2]))

    def since(self, moment: float) -> Points:
        """Those of that moment, epoch seconds, and later."""
        if not self._sets and all(at >= moment for at in self._times):
            return self
        return Points(point for point in self if point["Timestamp"] >= moment)

    def _unit(self, name: str) -> int:
        if name not in self._unit_names:
            self._unit_names.append(name)
        return self._unit_names.index(name)
