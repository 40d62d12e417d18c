"""A demo's thresholds, held against what CloudWatch and ECS know of it at this moment.

Asked for by GET, and by the workflow between two phases, which is where a demo is stopped early.
AWS is asked for no more than the thresholds at hand need.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import demo_cost, facts, log, readings, timeseries
from chalicelib.demo_state import DemoState, PhaseRun
from chalicelib.errors import ThresholdCrossed
from chalicelib.facts import COUNTED, Facts
from chalicelib.metrics import WorkerMetrics
from chalicelib.report import Measured
from chalicelib.services import Services
from chalicelib.thresholds import PERCENTILES, Metric, Threshold, Verdict


@dataclass(frozen=True)
class Judged:
    """A demo as it was measured, and what it is judged by."""

    demo_id: str
    runs: Sequence[PhaseRun]
    thresholds: Sequence[Threshold]
    measured: Measured


def verdicts(
    judged: Judged, spent: float | None, services: Services, cloudwatch: WorkerMetrics
) -> tuple[Verdict, ...]:
    """A verdict on each threshold; `spent`: what the demo has cost so far, in USD."""
    if not judged.thresholds:
        return ()
    measured = judged.measured
    gone = facts.may_drain(measured) and not services.fleet.has_tasks(judged.demo_id)
    found = Facts(
        facts.phases_of(judged.runs, measured, tasks_gone=gone),
        over=measured.stopped_at is not None,
        latencies={},
        cost=spent,
    )
    return readings.evaluate(judged.thresholds, _with_latencies(judged, found, cloudwatch))


def stop_if_crossed(state: DemoState, services: Services) -> None:
    """ThresholdCrossed if the demo is to stop at a crossed threshold, and one is for certain.

    No phase waits for this: where CloudWatch doesn't answer at once the demo goes on, and is judged
    at the next transition and at its end.
    """
    begun = {r.phase.phase_number: r.started_at for r in state.runs if r.started_at is not None}
    if not (state.criteria.abort_on_fail and state.criteria.thresholds and begun):
        return
    try:
        found = _verdicts_now(state, begun, services)
    except (BotoCoreError, ClientError) as error:
        log.line(
            log.Level.WARNING, "thresholds_not_judged", demo_id=state.demo_id, cause=str(error)
        )
        return
    crossed = [_told(verdict) for verdict in found if verdict.ok is False]
    if crossed:
        raise ThresholdCrossed(f"demo {state.demo_id} is stopped: {'; '.join(crossed)}")


def to_json(found: Iterable[Verdict]) -> list[dict[str, Any]]:
    """As GET shows them. JSON has no infinity: what was never reached is null, and not ok."""
    return [
        {
            "threshold": str(verdict.threshold),
            "phase": verdict.threshold.phase,
            "metric": str(verdict.threshold.metric),
            "operator": verdict.threshold.operator,
            "limit": verdict.threshold.limit,
            "unit": verdict.threshold.unit,
            "value": None if verdict.value == math.inf else verdict.value,
            "ok": verdict.ok,
        }
        for verdict in found
    ]


def _verdicts_now(
    state: DemoState, begun: dict[int, float], services: Services
) -> tuple[Verdict, ...]:
    now, cloudwatch = services.clock(), services.hasty_metrics
    series = cloudwatch.read(state.demo_id, begun, min(begun.values()), now, now, COUNTED)
    measured = Measured(series, now, None, state.metrics_interval)
    wanted = state.criteria.thresholds
    priced = any(threshold.metric is Metric.COST for threshold in wanted)
    spent = demo_cost.spent(state, measured, services) if priced else None
    judged = Judged(state.demo_id, state.runs, wanted, measured)
    return verdicts(judged, spent, services, cloudwatch)


def _with_latencies(judged: Judged, found: Facts, cloudwatch: WorkerMetrics) -> Facts:
    """With the percentiles that are asked for and won't change any more."""
    asked = {
        (threshold.phase, PERCENTILES[threshold.metric])
        for threshold in judged.thresholds
        if threshold.metric in PERCENTILES and found.is_settled(threshold.phase)
    }
    if not asked or not found.phases:
        return found
    begin = min(phase.started_at for phase in found.phases)
    window = timeseries.spanning(begin, facts.last_count(judged.measured), judged.measured.now)
    return replace(found, latencies=cloudwatch.percentiles(judged.demo_id, asked, window))


def _told(verdict: Verdict) -> str:
    value = verdict.value or 0.0
    number = f"{value:,.6f}".rstrip("0").rstrip(".")
    shown = "never" if value == math.inf else f"{number} {verdict.threshold.unit}"
    return f"{verdict.threshold} is crossed: {shown}"
