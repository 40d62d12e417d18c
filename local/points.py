"""Has MiniStack hold metrics as CloudWatch does, and look only at what it is asked for.

MiniStack holds each point as a dictionary of half a kilobyte and goes through all that a metric has
for every question, during which nothing else is answered. Here a metric is held by the second and
by the minute (local/packed.py), each for as long as CloudWatch keeps it (user guide, "Metrics
retention"), and a question sees the points of its own time, by the minute where it asks by minutes.

These are names inside the pinned version of MiniStack; another one that lacks them is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from math import inf
from typing import Any

from ministack.services import cloudwatch

from local.packed import PackedValues, Value

Point = dict[str, Any]
Metric = tuple[str, str]
"""Namespace and name."""

MINUTE = 60
SECONDS_KEPT = 3 * 3_600.0
MINUTES_KEPT = 15 * 86_400.0


@dataclass(frozen=True)
class Span:
    """What a question is about."""

    begin: float = -inf
    end: float = inf
    """Epoch seconds; the end is exclusive."""
    from_a_minute: bool = False
    """It begins with a whole minute, or has no beginning."""
    by_second: frozenset[Metric] = frozenset()
    """What is asked for by periods that aren't whole minutes."""

    def by_minute(self, metric: Metric) -> bool:
        """Whether the metric's minutes tell all that is asked of it."""
        return self.from_a_minute and metric not in self.by_second


_asked: ContextVar[Span] = ContextVar("asked", default=Span())  # noqa: B039 (frozen)


def hold_packed_points() -> None:
    """Replace MiniStack's lists of points; AttributeError if it has none of these names."""
    made_by_ministack = cloudwatch._metric_bucket

    def bucket(key: tuple[str, ...]) -> Points:
        points = made_by_ministack(key)
        if not isinstance(points, Points):
            points = cloudwatch._metrics[key] = Points((key[0], key[1]), points)
        return points

    cloudwatch._metric_bucket = bucket
    cloudwatch._get_metric_data = _within_its_span(cloudwatch._get_metric_data)
    cloudwatch._get_metric_statistics = _within_its_span(cloudwatch._get_metric_statistics)
    cloudwatch._parse_ts = _iso_first(cloudwatch._parse_ts)


def forget_old_points(now: float | None = None) -> None:
    """Forget what CloudWatch doesn't keep any longer, as MiniStack's own look does."""
    now = time.time() if now is None else now
    for key, points in list(cloudwatch._metrics.items()):
        points.forget(now)
        if not points:
            del cloudwatch._metrics[key]


def span_of(request: Mapping[str, Any]) -> Span:
    """What a GetMetricData or GetMetricStatistics asks for (awsJson or CBOR: its members).

    Where all periods are whole minutes the first is whole too, as on AWS (API: StartTime).
    """
    begin, end = (cloudwatch._parse_ts(request.get(name)) for name in ("StartTime", "EndTime"))
    by_second = frozenset(metric for metric, period in _asked_of(request) if period % MINUTE)
    if begin is None:
        begin = -inf
    elif not by_second:
        begin = begin // MINUTE * MINUTE
    from_a_minute = begin == -inf or begin % MINUTE == 0
    return Span(begin, inf if end is None else end, from_a_minute, by_second)


def _asked_of(request: Mapping[str, Any]) -> Iterator[tuple[Metric, int]]:
    """Each metric that is asked for, with its period in seconds."""
    # GetMetricStatistics has in one what a query of GetMetricData has apart.
    statistics = {"MetricStat": {**request, "Metric": request}}
    for query in request.get("MetricDataQueries", [statistics]):
        if stat := query.get("MetricStat"):  # an expression has none
            metric = stat.get("Metric", {})
            name = metric.get("Namespace", ""), metric.get("MetricName", "")
            yield name, int(stat.get("Period") or MINUTE)


class Points:
    """One metric's points, which have the same dimensions."""

    def __init__(self, metric: Metric, held: Iterable[Point] = ()) -> None:
        self._metric = metric
        self._seconds, self._minutes = PackedValues(1), PackedValues(MINUTE)
        self._sets: list[Point] = []
        """Sets of statistics, which are no single values."""
        self._dimensions: Any = {}
        for point in held:
            self.append(point)

    def __bool__(self) -> bool:
        return bool(self._minutes or self._sets)

    def __getitem__(self, place: int) -> Point:
        return next(islice(self._within(Span(from_a_minute=True)), place, None))

    def __iter__(self) -> Iterator[Point]:
        return self._within(_asked.get())

    def append(self, point: Point) -> None:
        """Add a point, or its count to the one that is like it."""
        self._dimensions = point.get("Dimensions", {})
        if "_stat" in point:
            self._sets.append(point)
            return
        for values in (self._seconds, self._minutes):
            values.add(point["Timestamp"], point["Value"], point["Unit"], point.get("Count", 1.0))

    def forget(self, now: float) -> None:
        """Let go of what CloudWatch keeps no longer at `now`, epoch seconds."""
        self._seconds.forget(now - SECONDS_KEPT)
        self._minutes.forget(now - MINUTES_KEPT)
        self._sets = [one for one in self._sets if one["Timestamp"] >= now - MINUTES_KEPT]

    def _within(self, asked: Span) -> Iterator[Point]:
        """Those that are asked for, as MiniStack would hold them."""
        values = self._minutes if asked.by_minute(self._metric) else self._seconds
        yield from map(self._point, values.between(asked.begin, asked.end))
        yield from self._sets

    def _point(self, held: Value) -> Point:
        return {
            "Timestamp": held.at,
            "Value": held.value,
            "Count": held.seen,
            "Unit": held.unit,
            "Dimensions": self._dimensions,
        }


def _within_its_span(answer: Callable[..., Any]) -> Callable[..., Any]:
    """The same, with only the points in sight that it asks for; of the query protocol, all."""

    def answered(params: Any, members: Any, is_cbor: bool, is_json: bool = False) -> Any:
        if not (is_cbor or is_json):
            return answer(params, members, is_cbor, is_json)
        span = span_of(members)
        token = _asked.set(span)
        try:
            begins = {} if span.begin == -inf else {"StartTime": span.begin}
            return answer(params, members | begins, is_cbor, is_json)
        finally:
            _asked.reset(token)

    return answered


def _iso_first(parse: Callable[[Any], float | None]) -> Callable[[Any], float | None]:
    """The same, sooner for what MiniStack itself writes: it tries formats for each value's time."""

    def parsed(value: Any) -> float | None:
        if isinstance(value, str) and value.endswith("Z"):
            try:
                return datetime.fromisoformat(value).timestamp()
            except ValueError:
                pass  # no ISO 8601: MiniStack knows others
        return parse(value)

    return parsed
