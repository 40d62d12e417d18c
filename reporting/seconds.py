"""A demo second by second: what its workers published, and what was found in the stream. Pure.

Read from the answer of GET /demo/<id>/metrics, written to and read from timeseries.csv. A row is a
period, a second as long as CloudWatch has seconds; counts are of the whole row, and what nobody
knows is empty.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reporting.canvas import Series
from reporting.picture import Band, Story

NAMES = {1: "baseline", 2: "spike", 3: "peak", 4: "decline"}
COLUMNS = {
    "target_tps": "target_tps",
    "offered": "generated",
    "accepted": "delivered",
    "throttled": "throttled",
    "failed": "failed",
    "open_shards": "open_shards",
    "tasks": "tasks_sending",
    "latency_p50_ms": "latency_p50_ms",
    "latency_p90_ms": "latency_p90_ms",
    "latency_p99_ms": "latency_p99_ms",
    "retried": "retried",
    "in_stream": "in_stream",
}
"""A column's name, and its name in the answer of GET /demo/<id>/metrics, which has no in_stream."""

COUNTS = ("offered", "accepted", "throttled", "failed", "retried", "in_stream")
"""The columns that can be added up."""


class BadTimeSeries(ValueError):
    """A timeseries.csv that can't be read; the message says where and what."""


@dataclass(frozen=True)
class Seconds:
    """Rows of `period` seconds from `begin` (Unix time) on; None where nothing is known."""

    begin: int
    period: int
    columns: Mapping[str, Series]
    """By COLUMNS' names; all of one length."""

    def __len__(self) -> int:
        return max(map(len, self.columns.values()), default=0)

    def column(self, name: str) -> Series:
        """A column; without it, as much of nothing."""
        return self.columns.get(name) or (None,) * len(self)

    def sums(self) -> dict[str, int | None]:
        """What each count adds up to; None if nothing is known of it."""
        return {name: _sum(self.column(name)) for name in COUNTS}


def of_metrics(answer: Mapping[str, Any]) -> Seconds:
    """What GET /demo/<id>/metrics answered."""
    series = answer["series"]
    columns = {name: tuple(series[theirs]) for name, theirs in COLUMNS.items() if theirs in series}
    return Seconds(int(answer["begin"]), int(answer["period"]), columns)


def with_stream(seconds: Seconds, arrivals: Mapping[int, int]) -> Seconds:
    """The same, and how many records the stream took in each row; `arrivals` by Unix second.

    There may be more rows then: what arrived outside of those that there were is not dropped.
    """
    period = seconds.period
    rows = [(at - seconds.begin) // period for at in arrivals]
    before = max(0, -min(rows, default=0))
    after = max(0, max(rows, default=0) + 1 - len(seconds))
    counts = [0] * (before + len(seconds) + after)
    for row, count in zip(rows, arrivals.values(), strict=True):
        counts[before + row] += count
    padded = {
        name: (None,) * before + values + (None,) * after
        for name, values in seconds.columns.items()
    }
    begin = seconds.begin - before * period
    return Seconds(begin, period, {**padded, "in_stream": tuple(counts)})


def bands(phases: Iterable[Mapping[str, Any]], begin: float) -> tuple[Band, ...]:
    """The phases that were started, in seconds since `begin` (Unix time)."""
    return tuple(
        Band(
            phase["phase_number"],
            NAMES.get(phase["phase_number"], ""),
            unix(phase["started_at"]) - begin,
            unix(phase["ends_at"]) - begin,
        )
        for phase in phases
        if phase.get("started_at") and phase.get("ends_at")
    )


def story(seconds: Seconds, phases: Sequence[Band], title: str, note: str = "") -> Story:
    """The picture's data: counts become rates. What the workers didn't tell, the stream may."""
    accepted = "accepted" if _sum(seconds.column("accepted")) is not None else "in_stream"
    return Story(
        title=title,
        seconds=tuple(float(row * seconds.period) for row in range(len(seconds))),
        offered=_rates(seconds, "offered"),
        accepted=_rates(seconds, accepted),
        throttled=_rates(seconds, "throttled"),
        shards=seconds.column("open_shards"),
        tasks=seconds.column("tasks"),
        phases=tuple(phases),
        note=note,
    )


def to_csv(seconds: Seconds, phases: Sequence[Band]) -> str:
    """timeseries.csv's content: the first second of a row, the phase in its middle, the columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("second", "phase", *COLUMNS))
    for row in range(len(seconds)):
        second = row * seconds.period
        values = (_cell(seconds.column(name)[row]) for name in COLUMNS)
        writer.writerow((second, _phase_at(second + seconds.period / 2, phases), *values))
    return out.getvalue()


def of_csv(text: str, begin: int, period: int) -> Seconds:
    """What `to_csv` wrote. Raises BadTimeSeries."""
    rows = list(csv.DictReader(io.StringIO(text)))
    columns: dict[str, Series] = {}
    for name in COLUMNS:
        values: list[float | None] = []
        for line, row in enumerate(rows, start=2):
            cell = row.get(name) or ""
            try:
                values.append(float(cell) if cell else None)
            except ValueError:
                raise BadTimeSeries(f"line {line}, {name}: {cell!r} is no number") from None
        columns[name] = tuple(values)
    return Seconds(begin, period, columns)


def value_at(seconds: Seconds, name: str, at: float) -> float | None:
    """The newest value of a column that is known at `at`, seconds since the beginning."""
    rows = min(len(seconds), max(0, math.ceil(at / seconds.period)))
    told = [value for value in seconds.column(name)[:rows] if value is not None]
    return told[-1] if told else None


def highest(seconds: Seconds, name: str, band: Band) -> float | None:
    """The highest value of a column in a phase's rows; None if none is known."""
    period = seconds.period
    rows = range(len(seconds))
    values = (seconds.column(name)[r] for r in rows if band.begin <= r * period < band.end)
    return max((value for value in values if value is not None), default=None)


def unix(moment: str) -> float:
    """Unix time of an ISO 8601 moment."""
    return datetime.fromisoformat(moment).timestamp()


def _rates(seconds: Seconds, name: str) -> Series:
    return tuple(None if v is None else v / seconds.period for v in seconds.column(name))


def _sum(values: Series) -> int | None:
    told = [value for value in values if value is not None]
    return round(sum(told)) if told else None


def _phase_at(second: float, phases: Sequence[Band]) -> str:
    return next((str(p.number) for p in phases if p.begin <= second < p.end), "")


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
