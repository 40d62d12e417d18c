"""The workflow's four operations. Each is idempotent: Step Functions retries it and may redrive it.

An operation answers the next demo_state, or raises; a failure is never an answer, or Retry and
Catch would not see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib import demo_state, events, plan
from chalicelib.contract import ControllerMetric
from chalicelib.demo_state import DemoState, PhaseRun, Status
from chalicelib.errors import DemoStopped, InvalidEvent
from chalicelib.events import Operation, Order
from chalicelib.plan import Phase
from chalicelib.services import Services


def handle(event: object, services: Services) -> dict[str, Any]:
    """Carries out one event. Raises one of errors.py, or what botocore raised."""
    order = events.read(event)
    return demo_state.to_json(_OPERATIONS[order.operation](order, services))


def _initialize_demo(order: Order, services: Services) -> DemoState:
    defaults = services.default_phases
    if order.default_plan is not None:
        defaults = plan.read_default_plan(
            order.default_plan, per_task_capacity=services.per_task_capacity
        )
    phases = plan.read_config(
        order.demo_config, defaults=defaults, per_task_capacity=services.per_task_capacity
    )
    state = demo_state.initialized(order.demo_id, _started_at(order, services), phases)
    return _announced(state, services, {ControllerMetric.DEMO_INITIALIZED: 1})


def _start_phase(order: Order, services: Services) -> DemoState:
    state = order.demo_state or demo_state.initialized(
        order.demo_id, _started_at(order, services), services.default_phases
    )
    phase = _phase_of(order, state)
    try:
        under_way = _under_way(order, phase, state, services)
        started = under_way or _begin(order, phase, state, services)
    finally:
        # Also if that failed: perhaps because a DELETE took the service away in the middle of it.
        _undo_if_stopped(order, services)
    if under_way:
        return under_way
    return _announced(
        started,
        services,
        {
            ControllerMetric.PHASE_TRANSITION: phase.phase_number,
            ControllerMetric.TARGET_TPS: phase.target_tps,
            ControllerMetric.TASK_COUNT: phase.task_count,
        },
    )


def _cleanup_demo(order: Order, services: Services) -> DemoState:
    state = _taken_down(order, Status.COMPLETED, services)
    metrics = {ControllerMetric.DEMO_COMPLETED: 1.0}
    if state.ended_at is not None:
        metrics[ControllerMetric.DEMO_DURATION_SECONDS] = state.ended_at - state.started_at
    return _announced(state, services, metrics)


def _handle_failure(order: Order, services: Services) -> DemoState:
    state = _taken_down(order, Status.FAILED, services)
    return _announced(state, services, {ControllerMetric.DEMO_FAILED: 1})


_OPERATIONS: Mapping[Operation, Callable[[Order, Services], DemoState]] = {
    Operation.INITIALIZE_DEMO: _initialize_demo,
    Operation.START_PHASE: _start_phase,
    Operation.CLEANUP_DEMO: _cleanup_demo,
    Operation.HANDLE_FAILURE: _handle_failure,
}


def _phase_of(order: Order, state: DemoState) -> Phase:
    for run in state.runs:
        if run.phase.phase_number == order.phase_number:
            return run.phase
    raise InvalidEvent(f"demo_state has no phase {order.phase_number}")


def _under_way(
    order: Order, phase: Phase, state: DemoState, services: Services
) -> DemoState | None:
    """The demo with this phase under way, if an earlier try got as far as that.

    Only its end is known for sure, from ECS; its start is that much earlier as it was to last.
    """
    running = services.fleet.running_phase(order.demo_id)
    if running is None or running.phase_number != phase.phase_number:
        return None
    if running.ends_at <= services.clock():
        return None
    started_at = running.ends_at - phase.duration_seconds
    return demo_state.with_phase(
        state,
        PhaseRun(phase, started_at, running.ends_at),
        running.metrics_interval,
        _whole_seconds_until(running.ends_at, services),
    )


def _begin(order: Order, phase: Phase, state: DemoState, services: Services) -> DemoState:
    """Starts the phase. Its workers end it by their own clocks, to the millisecond."""
    now = services.clock()
    ends_at = round(now + phase.duration_seconds, 3)
    metrics_interval = services.fleet.start_phase(order.demo_id, phase, ends_at)
    return demo_state.with_phase(
        state,
        PhaseRun(phase, now, ends_at),
        metrics_interval,
        _whole_seconds_until(ends_at, services),
    )


def _whole_seconds_until(ends_at: float, services: Services) -> int:
    """How long the workflow is to wait: it takes whole seconds only, and must not be early."""
    return max(0, math.ceil(ends_at - services.clock()))


def _undo_if_stopped(order: Order, services: Services) -> None:
    """A DELETE during this very call may have found no service yet to take down."""
    if order.execution_arn is None or services.workflow.is_running(order.execution_arn):
        return
    services.fleet.take_down(order.demo_id)
    raise DemoStopped(f"demo {order.demo_id} was stopped while a phase was being started")


def _taken_down(order: Order, status: Status, services: Services) -> DemoState:
    services.fleet.take_down(order.demo_id)
    state = order.demo_state or demo_state.initialized(
        order.demo_id, _started_at(order, services), ()
    )
    return demo_state.ended(state, status, services.clock())


def _started_at(order: Order, services: Services) -> float:
    return order.execution_started_at or services.clock()


def _announced(
    state: DemoState, services: Services, metrics: Mapping[ControllerMetric, float]
) -> DemoState:
    failures = services.announcer.publish(state.demo_id, metrics)
    return replace(state, metric_failures=state.metric_failures + failures)
