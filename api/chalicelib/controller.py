"""The workflow's four operations, and the cleanup after an end that the workflow never saw.

Each is idempotent: Step Functions retries it and may redrive it, and EventBridge may tell twice.
An operation answers the next demo_state, or raises; a failure is never an answer, or Retry and
Catch would not see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import (
    cleanup,
    demo_cost,
    demo_state,
    events,
    judging,
    log,
    names,
    plan,
    stream_choice,
)
from chalicelib.cleanup import Remains
from chalicelib.contract import ControllerMetric
from chalicelib.demo_state import DemoState, PhaseRun, Status
from chalicelib.errors import DemoError, DemoStopped, InvalidEvent, UnknownDemo
from chalicelib.events import Ended, Operation, Order
from chalicelib.plan import Phase
from chalicelib.services import Services
from chalicelib.stream_choice import StreamChoice, StreamMode
from chalicelib.workflow import RUNNING, TIMED_OUT

_SAME_START_SECONDS = 1.0


def handle(event: object, services: Services) -> dict[str, Any]:
    """Carries out one event. Raises one of errors.py, or what botocore raised."""
    order = events.read(event)
    if isinstance(order, Ended):
        return _clean_up_after(order, services)
    return demo_state.to_json(_OPERATIONS[order.operation](order, services))


def _clean_up_after(end: Ended, services: Services) -> dict[str, Any]:
    """Nobody waits for the answer; it is for the log."""
    if end.state_machine_arn != services.settings.state_machine_arn:
        raise InvalidEvent(f"{end.execution_arn} is no execution of this stack's workflow")
    answer = {"demo_id": end.demo_id, "execution_status": end.status}
    if not names.is_demo_id(end.demo_id):
        return {**answer, "status": "nothing_to_clean_up"}  # InitializeDemo refused such a name
    remains = Remains(end.demo_id, end.began_at, _asked_for_fresh(end, services))
    until = services.clock() + cleanup.SECONDS

    def overtaken() -> bool:
        return _overtaken(end, services)

    if overtaken() or not cleanup.take_away(remains, services, until, overtaken):
        return {**answer, "status": "overtaken"}
    if end.status == TIMED_OUT:  # after FAILED the workflow has said so itself
        services.announcer.publish(end.demo_id, {ControllerMetric.DEMO_FAILED: 1})
    return {**answer, "status": "cleaned_up"}


def _asked_for_fresh(end: Ended, services: Services) -> bool:
    given = services.workflow.input_of(end.execution_arn) if end.input is None else end.input
    return stream_choice.read_mode(given) is StreamMode.FRESH


def _overtaken(end: Ended, services: Services) -> bool:
    """Whether what there is by this name is in use again, or another's.

    Step Functions may say RUNNING for a moment after the end, so only a redrive counts. A name may
    be used again when its state machine was deleted in between.
    """
    try:
        execution = services.workflow.describe(end.demo_id)
    except UnknownDemo:  # deleted with its state machine
        return False
    redriven = execution.status == RUNNING and execution.redrive_count > end.redrive_count
    return redriven or execution.started_at > end.began_at + _SAME_START_SECONDS


def _initialize_demo(order: Order, services: Services) -> DemoState:
    until = services.clock() + cleanup.SECONDS
    defaults = services.default_phases
    if order.default_plan is not None:
        defaults = plan.read_default_plan(
            order.default_plan, per_task_capacity=services.per_task_capacity
        )
    wanted = plan.read_config(
        order.demo_config,
        defaults=defaults,
        per_task_capacity=services.per_task_capacity,
        budget=services.budget,
    )
    state = demo_state.initialized(
        order.demo_id,
        _started_at(order, services),
        wanted.phases,
        wanted.stream,
        wanted.record,
        wanted.criteria,
    )
    try:
        _ready_stream(order, state, services)
    finally:
        if wanted.stream.fresh:
            _undo_if_stopped(order, state, services, until)
    return _announced(state, services, {ControllerMetric.DEMO_INITIALIZED: 1})


def _start_phase(order: Order, services: Services) -> DemoState:
    until = services.clock() + cleanup.SECONDS
    state = order.demo_state or demo_state.initialized(
        order.demo_id, _started_at(order, services), services.default_phases
    )
    phase = _phase_of(order, state)
    try:
        under_way = _under_way(order, phase, state, services)
        started = under_way or _begin(order, phase, state, services)
    finally:
        # Also if that failed: perhaps because a DELETE took the service away in the middle of it.
        _undo_if_stopped(order, state, services, until)
    if under_way:
        return under_way
    announced = _announced(
        started,
        services,
        {
            ControllerMetric.PHASE_TRANSITION: phase.phase_number,
            ControllerMetric.TARGET_TPS: phase.target_tps,
            ControllerMetric.TASK_COUNT: phase.task_count,
        },
    )
    return _with_the_wait_that_is_left(announced, services)


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
    judging.stop_if_crossed(state, services)
    own_stream = None
    if state.stream.fresh:
        # There already, unless this is a redrive after a cleanup.
        own_stream = _ready_stream(order, state, services)
    now = services.clock()
    ends_at = round(now + phase.duration_seconds, 3)
    metrics_interval = services.fleet.start_phase(
        order.demo_id, phase, ends_at, own_stream, state.record
    )
    return demo_state.with_phase(
        state,
        PhaseRun(phase, now, ends_at),
        metrics_interval,
        _whole_seconds_until(ends_at, services),
    )


def _with_the_wait_that_is_left(state: DemoState, services: Services) -> DemoState:
    """Announcing has taken some of the phase's time."""
    if state.current is None or state.current.ends_at is None:
        return state
    return replace(state, wait_seconds=_whole_seconds_until(state.current.ends_at, services))


def _whole_seconds_until(ends_at: float, services: Services) -> int:
    """How long the workflow is to wait: it takes whole seconds only, and must not be early."""
    return max(0, math.ceil(ends_at - services.clock()))


def _ready_stream(order: Order, state: DemoState, services: Services) -> str | None:
    """Makes the demo's stream, or warms the stack's; the name of the stream if it had to look."""
    choice = state.stream
    untouched = not choice.fresh and choice.warm_throughput_mibps is None
    if untouched and services.has_kept_stream:
        return None
    name = stream_choice.stream_name(
        choice,
        order.demo_id,
        kept=services.kept_stream,
        base_family=services.settings.task_definition_family,
    )
    if choice.fresh:
        services.streams.make(
            name,
            choice.warm_throughput_mibps,
            state.started_at,
            still_wanted=lambda: _still_runs(order, services),
        )
    elif choice.warm_throughput_mibps is not None:
        services.streams.warm(name, choice.warm_throughput_mibps)
    return name


def _still_runs(order: Order, services: Services) -> bool:
    return order.execution_arn is None or services.workflow.is_running(order.execution_arn)


def _undo_if_stopped(order: Order, state: DemoState, services: Services, until: float) -> None:
    """A DELETE during this very call may have found no service or stream yet to take away."""
    if _still_runs(order, services):
        return
    cleanup.take_away(_remains(order, state), services, until)
    raise DemoStopped(f"demo {order.demo_id} was stopped while a step of it was being taken")


def _taken_down(order: Order, status: Status, services: Services) -> DemoState:
    until = services.clock() + cleanup.SECONDS
    # Without a state InitializeDemo failed, and what it may have made is as its input says.
    asked = StreamChoice(stream_choice.read_mode(order.demo_config))
    state = order.demo_state or demo_state.initialized(
        order.demo_id, _started_at(order, services), (), asked
    )
    cleanup.take_away(_remains(order, state), services, until)
    return demo_state.ended(state, status, services.clock())


def _remains(order: Order, state: DemoState) -> Remains:
    return Remains(order.demo_id, state.started_at, state.stream.fresh)


def _started_at(order: Order, services: Services) -> float:
    return order.execution_started_at or services.clock()


def _announced(
    state: DemoState, services: Services, metrics: Mapping[ControllerMetric, float]
) -> DemoState:
    failures = 0
    told = dict(metrics)
    try:
        cost = demo_cost.so_far(state, services)
    except (BotoCoreError, ClientError, DemoError) as error:
        log.line(log.Level.WARNING, "cost_not_published", demo_id=state.demo_id, cause=str(error))
        failures += 1
    else:
        told |= {} if cost is None else {ControllerMetric.COST_USD: cost}
    failures += services.announcer.publish(state.demo_id, told)
    return replace(state, metric_failures=state.metric_failures + failures)
