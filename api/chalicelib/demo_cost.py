"""What the API's answers say of a demo's cost: the plan's before it starts, its own as it goes.

How tasks are sized and what they send is taken from the base task definition as it is deployed now,
so the cost of an old demo is told by today's sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib import cost, record_choice, usage
from chalicelib.contract import WorkerMetric
from chalicelib.cost import Estimate
from chalicelib.demo_state import DemoState, PhaseRun
from chalicelib.plan import DemoRequest
from chalicelib.report import Measured
from chalicelib.services import Services
from chalicelib.stream_choice import StreamChoice
from chalicelib.usage import Workers
from chalicelib.workflow import ABORTED, TIMED_OUT


def of_plan(request: DemoRequest, services: Services) -> dict[str, Any]:
    """The estimate. AwsUnavailable if there is no base task definition with a worker."""
    return cost.to_json(_estimate(request, services, _workers(request.record, services)))


def of_demo(
    request: DemoRequest,
    runs: Sequence[PhaseRun],
    measured: Measured,
    status: str,
    services: Services,
) -> dict[str, Any]:
    """The estimate of its plan and what it has cost, so far while it runs; null where unknown.

    `status` is its execution's.
    """
    if not runs:
        return {"estimate": None, "actual": None}
    workers = _workers(request.record, services)
    cut_short = status in (ABORTED, TIMED_OUT)
    spent = _actual(request, runs, measured, services, workers, cut_short=cut_short)
    planned = _estimate(request, services, workers)
    return {
        "estimate": cost.to_json(planned),
        "actual": None if spent is None else cost.to_json(spent),
    }


def so_far(state: DemoState, services: Services) -> float | None:
    """USD that the demo has cost by now; None while none of its phases has begun.

    For the controller, which must not wait: what CloudWatch doesn't answer at once is raised, and
    what the workers have not published yet is not in it.
    """
    started = {r.phase.phase_number: r.started_at for r in state.runs if r.started_at is not None}
    if not started:
        return None
    now = services.clock()
    series = services.hasty_metrics.read(
        state.demo_id, started, min(started.values()), now, now, (WorkerMetric.DELIVERED,)
    )
    return spent(state, Measured(series, now, state.ended_at, state.metrics_interval), services)


def spent(state: DemoState, measured: Measured, services: Services) -> float | None:
    """USD, by what was measured; None while none of its phases has begun."""
    workers = _workers(state.record, services)
    found = _actual(state.request, state.runs, measured, services, workers)
    return None if found is None else found.total


def _actual(
    request: DemoRequest,
    runs: Sequence[PhaseRun],
    measured: Measured,
    services: Services,
    workers: Workers,
    *,
    cut_short: bool = False,
) -> Estimate | None:
    numbers = [run.phase.phase_number for run in runs]
    use = usage.of_runs(
        runs,
        {number: measured.of(number, WorkerMetric.DELIVERED).total for number in numbers},
        until=measured.now if measured.stopped_at is None else measured.stopped_at,
        fresh_stream=request.stream.fresh,
        ended=measured.stopped_at is not None,
        cut_short=cut_short,
        criteria=request.criteria,
    )
    return cost.actual(
        use,
        region=services.settings.region,
        workers=workers,
        advantage=_needs_advantage(request.stream),
        stack=services.stack,
    )


def _workers(record: str | None, services: Services) -> Workers:
    """The workers as they are deployed, with records of the demo's own length."""
    workers = services.fleet.workers()
    mean = record_choice.mean_bytes(record)
    return workers if mean is None else replace(workers, post_bytes=mean)


def _estimate(request: DemoRequest, services: Services, workers: Workers) -> Estimate:
    return cost.estimate(
        request.phases,
        region=services.settings.region,
        workers=workers,
        fresh_stream=request.stream.fresh,
        advantage=_needs_advantage(request.stream),
        criteria=request.criteria,
        stack=services.stack,
    )


def _needs_advantage(choice: StreamChoice) -> bool:
    """A warm stream says that the account has committed itself; without one we don't ask."""
    return choice.warm_throughput_mibps is not None
