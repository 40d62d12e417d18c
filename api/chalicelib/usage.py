"""What a demo uses of AWS, in the units that AWS bills: counted from its phases. Pure.

A plan and a demo that ran are told alike, as phases with seconds and records, so an estimate and
an actual are one computation. Where AWS bills what can't be known before the bill, a constant below
says what is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import readings
from chalicelib.contract import WorkerGauge, WorkerMetric
from chalicelib.criteria import NO_CRITERIA, Criteria
from chalicelib.demo_state import PhaseRun
from chalicelib.plan import Phase

GB = 2**30
KB = 1024
HOUR = 3600
HOURS_PER_MONTH = 730
"""A twelfth of a year; what AWS's calculator takes for a month."""

DEFAULT_POST_BYTES = 400
"""A post's length unless POST_BYTES says otherwise (worker/generator.py)."""
AGGREGATED_POST_BYTES = 20
"""Around a post in an aggregate, its key and its part of the frame included: measured."""
MAX_AGGREGATE_BYTES = 51_200
"""worker/aggregator.py."""
LINGER_SECONDS = 0.1
"""How long an aggregate stays open at most (worker/gatherers.py)."""
SHARDS = 4
"""Of a new on-demand stream: it takes 4 MB/s (Kinesis developer guide). One aggregate is open for
each, so more shards make smaller aggregates."""

LEAST_TASK_SECONDS = 60
"""Fargate bills a minute at least (AWS Fargate pricing)."""
TASK_OVERHEAD_SECONDS = 30
"""Fargate bills from the image's download to the task's end; an assumption for download, start and
drain together. A task that ECS starts anew at a phase's very end is not counted."""
KMS_SECONDS = 300
"""Kinesis calls KMS about every five minutes for each user's credentials, and a task has its own
(Kinesis developer guide, Costs, Regions, and performance considerations)."""

LOOK_SECONDS = 5
"""Seconds between two GETs of the one who is assumed to watch the demo."""
CONTROLLER_SECONDS = 1.0
"""Of the controller an operation; an assumption."""
API_SECONDS = 0.5
"""Of the API a request; an assumption."""
FRESH_STREAM_SECONDS = 60
"""To make and to delete a fresh stream, while the controller waits; an assumption."""
LAMBDA_GB = 0.5
"""lambda_memory_size in api/.chalice/config.json."""

LOG_BYTES_PER_TASK = 4_000
LOG_BYTES_PER_INVOCATION = 1_000
LOG_BYTES_PER_TRANSITION = 4_000
"""Log lines; assumptions, all on the high side."""
METRICS_PER_CALL = 1_000
"""PutMetricData takes so many (CloudWatch API reference)."""
_METRICS_A_SECOND = 2 * len(WorkerMetric) + 1
"""A worker publishes each metric under two sets of dimensions, the demo and the demo's phase, and
that it sends; besides, once a call, how many shards there are."""


@dataclass(frozen=True)
class Workers:
    """What a task is and does, as the base task definition says."""

    vcpu: float
    memory_gb: float
    arm: bool
    aggregation: bool
    post_bytes: int
    metrics_interval: float | None
    """Seconds between two publications; None: it publishes none."""


@dataclass(frozen=True)
class PhaseUse:
    """A phase, to be run or as far as it ran."""

    task_count: int
    seconds: float
    records: float


@dataclass(frozen=True)
class DemoUse:
    """A demo, to be run or as far as it ran; of its phases only those that began.

    One that was `cut_short`, by a stop or by the workflow's timeout, entered none of the last
    states; the event of its end had the controller called once instead. A fresh stream counts as
    made.
    """

    phases: tuple[PhaseUse, ...]
    fresh_stream: bool
    ended: bool = True
    cut_short: bool = False
    criteria: Criteria = NO_CRITERIA

    @property
    def told(self) -> bool:
        """Whether the workflow came to its last states, and so told of its end."""
        return self.ended and not self.cut_short

    @property
    def seconds(self) -> float:
        """All phases together."""
        return math.fsum(phase.seconds for phase in self.phases)


def of_plan(
    phases: Sequence[Phase], *, fresh_stream: bool, criteria: Criteria = NO_CRITERIA
) -> DemoUse:
    """The demo, if it does exactly what the plan says."""
    uses = (
        PhaseUse(
            phase.task_count, phase.duration_seconds, phase.target_tps * phase.duration_seconds
        )
        for phase in phases
    )
    return DemoUse(tuple(uses), fresh_stream, criteria=criteria)


def of_runs(
    runs: Sequence[PhaseRun],
    delivered: Mapping[int, float],
    *,
    until: float,
    fresh_stream: bool,
    ended: bool,
    cut_short: bool = False,
    criteria: Criteria = NO_CRITERIA,
) -> DemoUse:
    """The demo as far as it went by `until` (epoch seconds); `delivered`: records by phase."""
    uses = (
        PhaseUse(
            run.phase.task_count,
            max(0.0, min(run.ends_at, until) - run.started_at),
            delivered.get(run.phase.phase_number, 0.0),
        )
        for run in runs
        if run.started_at is not None and run.ends_at is not None
    )
    return DemoUse(tuple(uses), fresh_stream, ended, cut_short, criteria)


def kinesis_gb(phase: PhaseUse, workers: Workers) -> float:
    """Data in as Kinesis bills it: every record, or every aggregate, rounded up to 1 KB."""
    alone = float(math.ceil(workers.post_bytes / KB))
    billed_kb = min(alone, _aggregated_kb(phase, workers)) if workers.aggregation else alone
    return phase.records * billed_kb * KB / GB


def _aggregated_kb(phase: PhaseUse, workers: Workers) -> float:
    """A post's share of its aggregate, which is rounded up by half a KB in the mean."""
    size = workers.post_bytes + AGGREGATED_POST_BYTES
    together = _posts_per_aggregate(phase, size)
    return max(1.0, together * size / KB + 0.5) / together


def _posts_per_aggregate(phase: PhaseUse, size: int) -> float:
    """The one that opens it and what is due to its shard within the linger, if it holds as many."""
    if not phase.seconds:
        return 1.0
    due = phase.records / phase.seconds / phase.task_count / SHARDS * LINGER_SECONDS
    return min(1.0 + due, MAX_AGGREGATE_BYTES / size)


def task_hours(phase: PhaseUse) -> float:
    """Hours that Fargate bills for the phase's tasks; their public addresses live as long."""
    return phase.task_count * _billed_seconds(phase) / HOUR


def _billed_seconds(phase: PhaseUse) -> int:
    return max(LEAST_TASK_SECONDS, math.ceil(phase.seconds + TASK_OVERHEAD_SECONDS))


def stream_hours(demo: DemoUse) -> int:
    """Hours of a stream of the demo's own; one that has begun counts whole (AWS doesn't say)."""
    if not demo.fresh_stream:
        return 0
    return math.ceil((demo.seconds + FRESH_STREAM_SECONDS) / HOUR)


def kms_requests(demo: DemoUse) -> int:
    """Data keys that Kinesis has made for the tasks."""
    return sum(phase.task_count * _times(phase.seconds, KMS_SECONDS) for phase in demo.phases)


def transitions(demo: DemoUse, definition: Mapping[str, Any]) -> int:
    """States entered, which is what Step Functions bills; retries are left out."""
    return len(_entered(demo, definition))


def controller_calls(demo: DemoUse, definition: Mapping[str, Any]) -> int:
    """Tasks of the workflow, each of which calls the controller once; or the event of its end."""
    tasks = [state for state in _entered(demo, definition) if state["Type"] == "Task"]
    return len(tasks) + int(demo.ended and demo.cut_short)


def _entered(demo: DemoUse, definition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The way from start to success, as far as the demo went along it; a failure's is as long."""
    states, name = definition["States"], definition["StartAt"]
    path = [states[name]]
    while "Next" in path[-1]:
        path.append(states[path[-1]["Next"]])
    waits = [place for place, state in enumerate(path) if state["Type"] == "Wait"]
    begun = len(demo.phases)
    entered = path[: waits[begun - 1] + 1] if begun else path[:1]
    return entered + (path[waits[-1] + 1 :] if demo.told else [])


def looks(demo: DemoUse) -> int:
    """GETs of the one who watches."""
    return sum(_times(phase.seconds, LOOK_SECONDS) for phase in demo.phases)


def metrics_read(demo: DemoUse) -> int:
    """Metrics that CloudWatch is asked for: all of each phase that has begun, by these GETs.

    The controller asks for what each has delivered, at every phase's start and at the end.
    """
    begun = len(demo.phases)
    by_the_controller = begun * (begun + 1) // 2 + begun * demo.ended
    by_looks = sum(
        _times(phase.seconds, LOOK_SECONDS) * number * len(WorkerMetric)
        for number, phase in enumerate(demo.phases, start=1)
    )
    judged = readings.metrics_read(demo.criteria, phases=begun, looks=looks(demo))
    return by_the_controller + by_looks + judged


def api_requests(demo: DemoUse) -> int:
    """The POST and the GETs."""
    return 1 + looks(demo)


def lambda_gb_seconds(demo: DemoUse, definition: Mapping[str, Any]) -> float:
    """Memory times seconds of both functions."""
    seconds = controller_calls(demo, definition) * CONTROLLER_SECONDS
    seconds += api_requests(demo) * API_SECONDS
    seconds += FRESH_STREAM_SECONDS if demo.fresh_stream else 0
    return seconds * LAMBDA_GB


def metric_hours(demo: DemoUse, workers: Workers) -> int:
    """Custom metrics times the hours in which they are sent; each dimension value is a metric.

    The workers' are the demo's and each phase's. The controller's three of a phase and the cost are
    sent at its start, and once each the demo's beginning, end and duration.
    """
    hours = _times(demo.seconds, HOUR)
    controller = 4 * min(len(demo.phases), hours) + 1 + 2 * demo.told
    if workers.metrics_interval is None:
        return controller
    of_phases = sum(_times(phase.seconds, HOUR) for phase in demo.phases)
    return controller + hours * len(WorkerGauge) + (hours + of_phases) * len(WorkerMetric)


def metric_puts(demo: DemoUse, workers: Workers) -> int:
    """PutMetricData calls: of each task one an interval and a last one, of the controller five."""
    controller = 1 + len(demo.phases) + demo.told
    interval = workers.metrics_interval
    if interval is None:
        return controller
    calls = math.ceil((max(1.0, interval) * _METRICS_A_SECOND + 1) / METRICS_PER_CALL)
    return controller + calls * sum(
        phase.task_count * (_times(phase.seconds, interval) + 1) for phase in demo.phases
    )


def log_gb(demo: DemoUse, definition: Mapping[str, Any]) -> float:
    """Log lines of tasks, functions and workflow."""
    invocations = controller_calls(demo, definition) + api_requests(demo)
    tasks = sum(phase.task_count for phase in demo.phases)
    return (
        tasks * LOG_BYTES_PER_TASK
        + invocations * LOG_BYTES_PER_INVOCATION
        + transitions(demo, definition) * LOG_BYTES_PER_TRANSITION
    ) / GB


def _times(seconds: float, each: float) -> int:
    """How often something happens that happens every so many seconds."""
    return math.ceil(seconds / each)
