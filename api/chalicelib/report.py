"""What a demo achieved, computed from counts per period. Pure.

A rate is taken over whole periods that every worker has reported: a worker publishes a second up
to `metrics_interval` later, so the newest seconds of a running phase are not counted yet.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.contract import WorkerMetric
from chalicelib.demo_state import PhaseRun
from chalicelib.instants import iso

REACHED = 0.99
"""The share of its target at which a phase counts as having reached it."""

_CURRENT_SECONDS = 3
RECORDS = {
    "generated": WorkerMetric.GENERATED,
    "delivered": WorkerMetric.DELIVERED,
    "throttled": WorkerMetric.THROTTLED,
    "retried": WorkerMetric.RETRIED,
    "failed": WorkerMetric.FAILED,
}
"""What is counted of records, by the names that the API's answers use."""


@dataclass(frozen=True)
class Series:
    """Counts by the epoch second at which their period of `period` seconds begins."""

    period: int
    counts: Mapping[int, float]

    @property
    def total(self) -> float:
        """All that was counted."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Rate:
    """Records per second; None where it can't be told (yet)."""

    achieved_tps: float | None
    seconds_to_target: float | None


@dataclass(frozen=True)
class Measured:
    """What is known at the moment of a report; times in epoch seconds.

    `stopped_at` is None while the workflow runs.
    """

    series: Mapping[tuple[int, WorkerMetric], Series]
    now: float
    stopped_at: float | None
    metrics_interval: float

    def of(self, phase_number: int, metric: WorkerMetric) -> Series:
        """One metric of one phase; empty if it was never asked for or published."""
        return self.series.get((phase_number, metric), Series(1, {}))

    def complete_until(self, ends_at: float) -> float:
        """Up to when a phase's counts are whole."""
        settled = (
            self.now - self.metrics_interval - 1 if self.stopped_at is None else self.stopped_at
        )
        return min(ends_at, float(math.floor(settled)))


def rate(delivered: Series, *, target_tps: float, started_at: float, complete_until: float) -> Rate:
    """The mean from the first period that reaches 99 % of the target; if none does, over all.

    A period without a count inside the window counts as zero. Where the window holds no whole
    period (short phases, long after), the mean is over the window itself.
    """
    if complete_until <= started_at:
        return Rate(None, None)
    rates = _rates(delivered, started_at, complete_until)
    if not rates:
        return Rate(round(delivered.total / (complete_until - started_at), 2), None)
    reached = next((at for at, tps in rates.items() if tps >= REACHED * target_tps), None)
    counted = [tps for at, tps in rates.items() if reached is None or at >= reached]
    mean = round(sum(counted) / len(counted), 2)
    return Rate(mean, None if reached is None else round(max(0.0, reached - started_at), 1))


def current_tps(delivered: Series, *, started_at: float, complete_until: float) -> float:
    """The mean over the newest whole periods, three at most; 0 before there is one."""
    newest = list(_rates(delivered, started_at, complete_until).values())[-_CURRENT_SECONDS:]
    return round(sum(newest) / len(newest), 2) if newest else 0.0


def phase_report(run: PhaseRun, measured: Measured) -> dict[str, Any]:
    """One phase as GET shows it; a phase that has not started has nulls for what it lacks."""
    phase = run.phase
    number = phase.phase_number
    report: dict[str, Any] = {
        "phase_number": number,
        "target_tps": phase.target_tps,
        "task_count": phase.task_count,
        "duration_seconds": phase.duration_seconds,
        "started_at": None,
        "ends_at": None,
        "ended_at": None,
        "achieved_tps": None,
        "seconds_to_target": None,
        "records": {
            name: round(measured.of(number, metric).total) for name, metric in RECORDS.items()
        },
    }
    if run.started_at is None or run.ends_at is None:
        return report
    delivered = measured.of(number, WorkerMetric.DELIVERED)
    found = rate(
        delivered,
        target_tps=phase.target_tps,
        started_at=run.started_at,
        complete_until=measured.complete_until(run.ends_at),
    )
    ended_at = min(
        run.ends_at, measured.now if measured.stopped_at is None else measured.stopped_at
    )
    over = measured.stopped_at is not None or ended_at == run.ends_at
    return report | {
        "started_at": iso(run.started_at),
        "ends_at": iso(run.ends_at),
        "ended_at": iso(ended_at) if over else None,
        "achieved_tps": found.achieved_tps,
        "seconds_to_target": found.seconds_to_target,
    }


def records_in(phases: list[dict[str, Any]]) -> dict[str, int]:
    """The phases' records, added up."""
    return {name: sum(phase["records"][name] for phase in phases) for name in RECORDS}


def readable_cause(cause: str | None) -> str | None:
    """A failure's cause without a stack trace: Step Functions wraps a Lambda's error in JSON."""
    try:
        document = json.loads(cause or "")
    except ValueError:
        return cause
    if isinstance(document, dict) and "errorMessage" in document:
        return str(document["errorMessage"])
    return cause


def _rates(delivered: Series, started_at: float, complete_until: float) -> dict[int, float]:
    """Records per second by whole period, from the first that has a count."""
    period = delivered.period
    begin = math.floor(started_at / period) * period
    counted = [at for at in delivered.counts if begin <= at <= complete_until - period]
    if not counted:
        return {}
    whole = range(min(counted), int(complete_until) - period + 1, period)
    return {at: delivered.counts.get(at, 0.0) / period for at in whole}
