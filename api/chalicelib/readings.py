"""A demo's numbers as thresholds ask for them, of a phase or of the whole demo. Pure.

What is of the whole demo is a sum; but a pace, and the time to reach it, are those of the phase
that did worst, since a sum would hide one that stood still. What was never counted is not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from chalicelib import thresholds
from chalicelib.criteria import Criteria
from chalicelib.facts import COUNTED, Facts, PhaseFacts
from chalicelib.thresholds import PERCENTILES, UNKNOWN, Metric, Reading, Threshold, Trend, Verdict

_DECIMALS = 6


def evaluate(wanted: Iterable[Threshold], facts: Facts) -> tuple[Verdict, ...]:
    """A verdict on each threshold, in their order."""
    return tuple(thresholds.judge(threshold, reading(threshold, facts)) for threshold in wanted)


def metrics_read(criteria: Criteria, *, phases: int, looks: int) -> int:
    """Metrics that CloudWatch is asked for to judge a demo of so many phases and looks, at most.

    A look asks for the percentiles that are final. To stop early, the controller asks for these and
    for the counts of all phases so far, before each phase but the first.
    """
    percentiles = sum(one.metric in PERCENTILES for one in criteria.thresholds)
    if not (criteria.abort_on_fail and criteria.thresholds):
        return looks * percentiles
    transitions = max(0, phases - 1)
    counts = len(COUNTED) * phases * transitions // 2
    return (looks + transitions) * percentiles + counts


def reading(threshold: Threshold, facts: Facts) -> Reading:
    """What is known of the threshold's metric, in the threshold's unit."""
    phases = [one for one in facts.phases if threshold.phase in (None, one.number)]
    found = _reading(threshold, facts, phases)
    settled = facts.is_settled(threshold.phase)
    if found.value is None:
        return UNKNOWN
    value = round(found.value, _DECIMALS) if math.isfinite(found.value) else found.value
    return Reading(value, Trend.NONE if settled else found.trend)


def _reading(threshold: Threshold, facts: Facts, phases: Sequence[PhaseFacts]) -> Reading:
    metric = threshold.metric
    if metric is Metric.COST:
        return Reading(facts.cost, Trend.GROWS)
    if metric in PERCENTILES:
        latency = facts.latencies.get((threshold.phase, PERCENTILES[metric]))
        return Reading(latency, Trend.EITHER)
    if metric is Metric.ACHIEVED_TPS:
        paces = [
            _percent(one.achieved_tps, one.target_tps) if threshold.percent else one.achieved_tps
            for one in phases
            if one.complete
        ]
        return _worst(paces, min, Trend.FALLS)
    if metric is Metric.SECONDS_TO_TARGET:
        return _worst([one.seconds_to_target for one in phases if one.complete], max, Trend.GROWS)
    return _counted(metric, phases, percent=threshold.percent)


def _worst(
    values: Sequence[float | None], pick: Callable[[Sequence[float]], float], trend: Trend
) -> Reading:
    """Of complete phases only: each that is still to come can but make it worse."""
    known = [value for value in values if value is not None]
    return Reading(pick(known), trend) if known else UNKNOWN


def _counted(metric: Metric, phases: Sequence[PhaseFacts], *, percent: bool) -> Reading:
    generated = math.fsum(one.generated for one in phases)
    delivered = math.fsum(one.delivered for one in phases)
    throttled = math.fsum(one.throttled for one in phases)
    if not generated:
        return UNKNOWN
    count = {
        Metric.LOST: generated - delivered,
        Metric.FAILED: math.fsum(one.failed for one in phases),
        Metric.THROTTLED: throttled,
    }[metric]
    if percent:
        offered = delivered + throttled if metric is Metric.THROTTLED else generated
        return Reading(_percent(count, offered), Trend.EITHER)
    return Reading(count, Trend.EITHER if metric is Metric.LOST else Trend.GROWS)


def _percent(part: float | None, whole: float) -> float | None:
    """None of nothing."""
    return None if part is None or not whole else 100 * part / whole
