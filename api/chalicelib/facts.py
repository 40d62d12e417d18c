"""What is known of a demo at a moment, and what of it can't change any more. Pure.

A worker publishes a second up to an interval later, and drains after its phase. So a phase's counts
are complete when an interval has passed and every record that it generated is accounted for; or,
whatever is missing, when no worker of it can be left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib import report
from chalicelib.contract import WorkerMetric
from chalicelib.demo_state import PhaseRun
from chalicelib.report import Measured
from chalicelib.timeseries import SETTLED_SECONDS, STRAGGLERS_SECONDS

COUNTED = (
    WorkerMetric.GENERATED,
    WorkerMetric.DELIVERED,
    WorkerMetric.FAILED,
    WorkerMetric.THROTTLED,
)
"""What thresholds need of every phase, besides percentiles."""


@dataclass(frozen=True)
class PhaseFacts:
    """A phase that has begun, at `started_at` (epoch seconds). Counts are records.

    `complete`: nothing more will be counted. `seconds_to_target` is inf where the target was not
    reached (yet); it and `achieved_tps` are None where nothing at all was counted.
    """

    number: int
    target_tps: float
    started_at: float
    generated: float
    delivered: float
    failed: float
    throttled: float
    achieved_tps: float | None
    seconds_to_target: float | None
    complete: bool = False

    @property
    def balanced(self) -> bool:
        """Whether every record that was generated is accounted for."""
        return 0 < self.generated <= self.delivered + self.failed


@dataclass(frozen=True)
class Facts:
    """A demo as far as it is known. `over`: its phases are all that there will be.

    `latencies`: milliseconds by phase, None for the whole demo, and percentile; `cost` in USD.
    """

    phases: tuple[PhaseFacts, ...]
    over: bool
    latencies: Mapping[tuple[int | None, int], float]
    cost: float | None

    def is_settled(self, phase: int | None) -> bool:
        """Whether all is known that ever will be of this phase, or, if None, of the demo."""
        if phase is None:
            return self.over and all(one.complete for one in self.phases)
        return any(one.complete for one in self.phases if one.number == phase)


def may_drain(measured: Measured) -> bool:
    """Whether the demo has stopped so recently that some of its tasks may still count."""
    return measured.stopped_at is not None and not _given_up(measured)


def last_count(measured: Measured) -> float:
    """When the last count may have been published, in epoch seconds."""
    return min(measured.now, (measured.stopped_at or measured.now) + STRAGGLERS_SECONDS)


def phases_of(
    runs: Sequence[PhaseRun], measured: Measured, *, tasks_gone: bool
) -> tuple[PhaseFacts, ...]:
    """The facts of each phase that has begun. `tasks_gone`: the demo has stopped, its tasks too."""
    found = [
        (_counted(run, run.started_at, run.ends_at, measured), run.ends_at)
        for run in runs
        if run.started_at is not None and run.ends_at is not None
    ]
    gone = _given_up(measured) or (tasks_gone and all(facts.balanced for facts, _ in found))
    return tuple(
        replace(facts, complete=gone or _is_complete(facts, measured, measured.now - ends_at))
        for facts, ends_at in found
    )


def _given_up(measured: Measured) -> bool:
    """Whether the demo stopped so long ago that nobody can be left who counts."""
    stopped_at = measured.stopped_at
    return stopped_at is not None and measured.now - stopped_at >= STRAGGLERS_SECONDS


def _is_complete(facts: PhaseFacts, measured: Measured, since_end: float) -> bool:
    settled = since_end >= measured.metrics_interval + SETTLED_SECONDS
    return since_end >= STRAGGLERS_SECONDS or (settled and facts.balanced)


def _counted(run: PhaseRun, started_at: float, ends_at: float, measured: Measured) -> PhaseFacts:
    number, target = run.phase.phase_number, run.phase.target_tps
    delivered = measured.of(number, WorkerMetric.DELIVERED)
    rate = report.rate(
        delivered,
        target_tps=target,
        started_at=started_at,
        complete_until=measured.complete_until(ends_at),
    )
    unknown = rate.achieved_tps is None or not any(s.total for s in measured.series.values())
    reached = math.inf if rate.seconds_to_target is None else rate.seconds_to_target
    return PhaseFacts(
        number=number,
        target_tps=target,
        started_at=started_at,
        generated=measured.of(number, WorkerMetric.GENERATED).total,
        delivered=delivered.total,
        failed=measured.of(number, WorkerMetric.FAILED).total,
        throttled=measured.of(number, WorkerMetric.THROTTLED).total,
        achieved_tps=None if unknown else rate.achieved_tps,
        seconds_to_target=None if unknown else reached,
    )
