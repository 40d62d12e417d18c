"""Has MiniStack's CloudWatch hold equal values of a second once, and count them.

Fifty tasks publish a latency as thirty values and counts each second, and every question about the
metric looks at all points that there are, during which nothing else is answered. The values are the
buckets of one histogram, so most of them are the same: held once, with their counts added, they
make the same sums and percentiles of a fraction of the points.

These are names inside the pinned version of MiniStack; another one that lacks them is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ministack.services import cloudwatch


def merge_points() -> None:
    """Replace the lists of points; AttributeError if MiniStack has none of that name."""
    made_by_ministack = cloudwatch._metric_bucket

    def bucket(key: tuple[str, ...]) -> Points:
        points = made_by_ministack(key)
        if not isinstance(points, Points):  # new, or looked through for old ones since
            points = cloudwatch._metrics[key] = Points(points)
        return points

    cloudwatch._metric_bucket = bucket


class Points(list[dict[str, Any]]):
    """One metric's points. Of those that were held before it, none is looked at again."""

    def __init__(self, held: Iterable[dict[str, Any]] = ()) -> None:
        super().__init__(held)
        self._known: dict[tuple[float, float, str], dict[str, Any]] = {}

    def append(self, point: dict[str, Any]) -> None:
        """Add a point, or its count to the one that is like it."""
        if "_stat" in point:  # a set of statistics is no single value
            super().append(point)
            return
        key = point["Timestamp"], point["Value"], point["Unit"]
        known = self._known.setdefault(key, point)
        if known is point:
            super().append(point)
        else:
            known["Count"] = known.get("Count", 1.0) + point.get("Count", 1.0)
