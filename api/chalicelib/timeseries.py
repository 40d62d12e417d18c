"""A demo second by second: which seconds are asked for, and what is known of each. Pure.

An answer is a window of whole periods. It ends where the counts are no longer complete, so whoever
asks again with `since` = the last answer's `end` sees every period once and none half counted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.contract import WorkerGauge, WorkerMetric
from chalicelib.demo_state import PhaseRun
from chalicelib.errors import FieldProblem, InvalidWindow
from chalicelib.report import RECORDS

MAX_PERIODS = 4_000
"""An answer has no more; ours to choose: about 300 KB, within CloudWatch's 100,800 values a page
and Lambda's 6 MB an answer."""
MAX_SINCE = 99_999_999_999
MAX_PERIOD = 86_400
SHORT_PERIODS = (1, 5, 10, 20, 30)
"""Besides multiples of a minute (botocore: MetricStat, Period)."""
STRAGGLERS_SECONDS = 120
"""A worker drains for 30 s after its phase, and publishes then."""
SETTLED_SECONDS = 2.0
"""How much later than its interval a worker may publish: half a second, and the call itself."""

_HOUR, _DAY, _MINUTE = 3600, 86_400, 60
# How long CloudWatch keeps which resolution (CloudWatch user guide, Metrics retention).
_RETENTION = ((3 * _HOUR, 1), (15 * _DAY, _MINUTE), (63 * _DAY, 5 * _MINUTE))
_CHOICE = (*SHORT_PERIODS, _MINUTE, 5 * _MINUTE, _HOUR)


@dataclass(frozen=True)
class Statistic:
    """A metric as CloudWatch is to sum it up over a period, and how exactly that is told."""

    metric: WorkerMetric | WorkerGauge
    stat: str
    digits: int = 0
    per_second: bool = False
    """The period's sum is divided by its seconds."""


SERIES: Mapping[str, Statistic] = {
    **{name: Statistic(metric, "Sum") for name, metric in RECORDS.items()},
    **{
        f"latency_p{percent}_ms": Statistic(WorkerMetric.LATENCY_FROM_DUE, f"p{percent}", digits=2)
        for percent in (50, 90, 99)
    },
    "open_shards": Statistic(WorkerGauge.OPEN_SHARDS, "Maximum"),
    "tasks_sending": Statistic(WorkerGauge.TASKS_SENDING, "Sum", digits=2, per_second=True),
}
"""All but `target_tps`, which is the plan's."""


@dataclass(frozen=True)
class Asked:
    """What the request wants: epoch seconds, seconds; None is for us to choose."""

    since: int | None = None
    period: int | None = None


@dataclass(frozen=True)
class Known:
    """Up to when (epoch seconds) the counts are complete; `final`: nothing will come after it."""

    until: float
    final: bool


@dataclass(frozen=True)
class Window:
    """Whole periods from `begin` to `end`, which is exclusive; both are multiples of `period`."""

    begin: int
    end: int
    period: int

    @property
    def starts(self) -> range:
        """When each period begins."""
        return range(self.begin, self.end, self.period)


def finest_period(age_seconds: float) -> int:
    """The finest resolution, in seconds, that CloudWatch still has of data this old."""
    return next((period for kept, period in _RETENTION if age_seconds < kept), _HOUR)


def spanning(begin: float, end: float, now: float) -> Window:
    """One period, the shortest, that holds all from `begin` to `end` (epoch seconds).

    CloudWatch's periods begin at multiples of themselves.
    """
    if end < begin:
        raise ValueError(f"{end} is before {begin}")

    def around(period: int) -> Window:
        start = math.floor(begin / period) * period
        return Window(start, start + period, period)

    return next(
        found
        for found in map(around, itertools.count(_MINUTE, _MINUTE))
        if found.end > end and _has_period(found.period, finest_period(now - found.begin))
    )


def read_query(query: Mapping[str, str]) -> Asked:
    """The request's `since` and `period`. InvalidWindow names each that is bad."""
    problems: list[FieldProblem] = []
    since = _whole(query, "since", 0, MAX_SINCE, "epoch seconds, such as an answer's end", problems)
    period = _whole(query, "period", 1, MAX_PERIOD, _periods_from(1), problems)
    if period is not None and not _has_period(period, 1):
        problems.append(FieldProblem("period", f"is {period}", f"give {_periods_from(1)}"))
    if problems:
        raise InvalidWindow(problems)
    return Asked(since, period)


def window(asked: Asked, *, started_at: float, known: Known, now: float) -> Window:
    """The periods to answer with: MAX_PERIODS at the most, so `end` may be earlier than is known.

    A period that isn't asked for is the finest that CloudWatch still has and that fits.
    InvalidWindow if one is asked for that CloudWatch has no longer.
    """
    since = max(math.floor(started_at), asked.since or 0)
    # CloudWatch itself begins at the whole minute before (botocore: GetMetricData, StartTime).
    finest = finest_period(now - since + _MINUTE)
    if asked.period is not None and not _has_period(asked.period, finest):
        problem = f"is {asked.period}, finer than CloudWatch keeps what began at {since}"
        raise InvalidWindow([FieldProblem("period", problem, f"give {_periods_from(finest)}")])
    period = asked.period or _fitting(finest, known.until - since)
    begin = since // period * period
    last = math.ceil(known.until / period) if known.final else math.floor(known.until / period)
    return Window(begin, max(begin, min(last * period, begin + MAX_PERIODS * period)), period)


def known(*, now: float, stopped_at: float | None, drained: bool, interval: float) -> Known:
    """What is complete of a demo whose workers publish every `interval` seconds.

    `drained`: it has stopped, and none of its tasks can publish any more.
    """
    if stopped_at is not None and drained:
        return Known(min(now, stopped_at + STRAGGLERS_SECONDS), final=True)
    return Known(now - interval - SETTLED_SECONDS, final=False)


def assembled(
    demo_id: str,
    wanted: Window,
    found: Mapping[str, Mapping[int, float]],
    runs: Sequence[PhaseRun],
    *,
    known: Known,
    stopped_at: float | None,
) -> dict[str, Any]:
    """The answer. `found`: of each of SERIES, the values by the beginnings of their periods."""
    complete = stopped_at is not None and known.final and wanted.end >= known.until
    shown = _without_the_void(wanted, found, stopped_at) if complete and stopped_at else wanted
    return {
        "demoId": demo_id,
        "period": shown.period,
        "begin": shown.begin,
        "end": shown.end,
        "complete": complete,
        "series": {
            "target_tps": targets(runs, shown, stopped_at),
            **{
                name: [_told(found.get(name, {}).get(at), how, shown) for at in shown.starts]
                for name, how in SERIES.items()
            },
        },
    }


def targets(
    runs: Sequence[PhaseRun], shown: Window, stopped_at: float | None
) -> list[float | None]:
    """Records a second that the plan wants, by period; None where no phase is under way.

    A period that a phase fills in part has that part, so the sum over all is the plan's total.
    """
    wanted: list[float | None] = []
    for at in shown.starts:
        parts = [
            (run.phase.target_tps, _overlap(run, at, at + shown.period, stopped_at)) for run in runs
        ]
        due = math.fsum(tps * seconds for tps, seconds in parts)
        under_way = any(seconds > 0 for _, seconds in parts)
        wanted.append(round(due / shown.period, 3) if under_way else None)
    return wanted


def _overlap(run: PhaseRun, begin: float, end: float, stopped_at: float | None) -> float:
    if run.started_at is None or run.ends_at is None:
        return 0.0
    ends_at = run.ends_at if stopped_at is None else min(run.ends_at, stopped_at)
    return max(0.0, min(end, ends_at) - max(begin, run.started_at))


def _without_the_void(
    wanted: Window, found: Mapping[str, Mapping[int, float]], stopped_at: float
) -> Window:
    """The window up to the demo's end, or to the last that a draining task told after it."""
    last = max((at for values in found.values() for at in values), default=wanted.begin)
    over = math.ceil(stopped_at / wanted.period) * wanted.period
    told = last + wanted.period if any(found.values()) else wanted.begin
    return replace(wanted, end=min(wanted.end, max(wanted.begin, over, told)))


def _told(value: float | None, how: Statistic, shown: Window) -> float | None:
    if value is None:
        return None
    number = value / shown.period if how.per_second else value
    return round(number, how.digits or None)


def _fitting(finest: int, seconds: float) -> int:
    choice = [period for period in _CHOICE if _has_period(period, finest)]
    return next((p for p in choice if seconds <= p * (MAX_PERIODS - 1)), choice[-1])


def _has_period(period: int, finest: int) -> bool:
    return (finest == 1 and period in SHORT_PERIODS) or period % max(_MINUTE, finest) == 0


def _periods_from(finest: int) -> str:
    if finest > 1:
        return f"a multiple of {finest}"
    return f"{', '.join(map(str, SHORT_PERIODS))} or a multiple of {_MINUTE}"


def _whole(
    query: Mapping[str, str],
    field: str,
    least: int,
    most: int,
    advice: str,
    problems: list[FieldProblem],
) -> int | None:
    text = query.get(field)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most:
        return int(text)
    wanted = f"give a whole number from {least} to {most}: {advice}"
    problems.append(FieldProblem(field, f"is {text!r:.40}", wanted))
    return None
