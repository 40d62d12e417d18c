"""What the API does with demos that there are: look at one, list them, stop one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib import (
    cleanup,
    criteria,
    demo_cost,
    judging,
    names,
    plan,
    record_choice,
    report,
    sharing,
    stream_choice,
)
from chalicelib.cleanup import Remains
from chalicelib.contract import WorkerMetric
from chalicelib.demo_state import DEFAULT_METRICS_INTERVAL, PhaseRun
from chalicelib.errors import FieldProblem, InvalidPage, InvalidPlan
from chalicelib.instants import iso
from chalicelib.judging import Judged
from chalicelib.plan import DemoRequest
from chalicelib.report import Measured
from chalicelib.services import Services
from chalicelib.stream import StreamSize
from chalicelib.stream_choice import StreamChoice, StreamMode
from chalicelib.timeseries import STRAGGLERS_SECONDS
from chalicelib.workflow import RUNNING, Execution

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_MAX_TOKEN_LENGTH = 3096  # botocore: ListExecutions, nextToken


def describe(demo_id: str, services: Services) -> dict[str, Any]:
    """One demo, as it stands. UnknownDemo if there is none of that id."""
    execution = services.workflow.describe(demo_id)
    progress = services.workflow.progress(execution)
    state = progress.demo_state
    asked = state.request if state else _planned(execution, services)
    runs = state.runs if state else tuple(map(PhaseRun, asked.phases))
    measured = Measured(
        series=_series(execution, runs, services),
        now=services.clock(),
        stopped_at=execution.stopped_at,
        metrics_interval=state.metrics_interval if state else DEFAULT_METRICS_INTERVAL,
    )
    phases = [report.phase_report(run, measured) for run in runs]
    current = state.current if state and execution.status == RUNNING else None
    fleet = services.fleet.size(demo_id)
    cost = demo_cost.of_demo(asked, runs, measured, execution.status, services)
    verdicts = judging.verdicts(
        Judged(demo_id, runs, asked.criteria.thresholds, measured),
        cost["actual"] and cost["actual"]["total"],
        services,
        services.worker_metrics,
    )
    return {
        "demoId": demo_id,
        "executionArn": execution.arn,
        "status": execution.status,
        "startDate": iso(execution.started_at),
        "stopDate": None if execution.stopped_at is None else iso(execution.stopped_at),
        "currentState": progress.state_name if execution.status == RUNNING else None,
        "currentPhase": current.phase.phase_number if current else None,
        "transitions": [
            {"state": one.state, "entered_at": iso(one.entered_at)} for one in progress.transitions
        ],
        "current_tps": _current_tps(current, measured),
        "phases": phases,
        "records": report.records_in(phases),
        "tasks": {"desired": fleet.desired, "running": fleet.running},
        "stream": _stream(execution, asked.stream, services),
        stream_choice.WARM: asked.stream.warm_throughput_mibps,
        **record_choice.shown(asked.record),
        criteria.THRESHOLDS: judging.to_json(verdicts),
        criteria.ABORT: asked.criteria.abort_on_fail,
        "cost": cost,
        **_failure(execution),
    }


def page(query: Mapping[str, str], services: Services) -> dict[str, Any]:
    """A part of the list of demos, newest first. InvalidPage if `limit` or `token` is bad."""
    limit, token = _page_of(query)
    found = services.workflow.page(limit, token)
    return {
        "demos": [_summary(execution) for execution in found.executions],
        "nextToken": found.next_token,
    }


def stop(demo_id: str, services: Services) -> dict[str, Any]:
    """Stops a demo's workflow and workers, whatever is left of either. UnknownDemo if none."""
    execution = services.workflow.stop(demo_id)
    fresh = stream_choice.read_mode(execution.input) is StreamMode.FRESH
    cleanup.take_away_at_once(Remains(demo_id, execution.started_at, fresh), services)
    return {
        **_summary(execution),
        "message": f"Demo {demo_id} is {execution.status}; any workers left are being stopped.",
    }


def _summary(execution: Execution) -> dict[str, Any]:
    return {
        "demoId": execution.demo_id,
        "status": execution.status,
        "startDate": iso(execution.started_at),
        "stopDate": None if execution.stopped_at is None else iso(execution.stopped_at),
    }


def _failure(execution: Execution) -> dict[str, Any]:
    if not execution.error and not execution.cause:
        return {}
    return {"error": execution.error, "cause": report.readable_cause(execution.cause)}


def _stream(execution: Execution, choice: StreamChoice, services: Services) -> dict[str, Any]:
    size = _stream_size(execution.demo_id, choice, services)
    shared = sharing.meanwhile(choice, execution, services.clock(), services.workflow)
    return {
        "name": size.name,
        "mode": str(choice.mode),
        "open_shards": size.open_shards,
        **shared.to_json(),
    }


def _stream_size(demo_id: str, choice: StreamChoice, services: Services) -> StreamSize:
    """A stream of the demo's own comes after the demo began, and is gone when it is over."""
    if not choice.fresh:
        return services.streams.size_if_any(services.settings.stream_name)
    own = cleanup.own_stream(demo_id, services)
    if own is None:  # InitializeDemo refuses such a name
        return StreamSize(names.stream_of(demo_id, services.settings.task_definition_family), None)
    return services.streams.size_if_any(own)


def _planned(execution: Execution, services: Services) -> DemoRequest:
    """The demo before InitializeDemo has answered; without phases if it will refuse the input."""
    try:
        return plan.read_config(
            execution.input,
            defaults=services.default_phases,
            per_task_capacity=services.per_task_capacity,
        )
    except InvalidPlan:
        return DemoRequest(None, ())


def _series(
    execution: Execution, runs: tuple[PhaseRun, ...], services: Services
) -> Mapping[Any, report.Series]:
    started = {run.phase.phase_number: run.started_at for run in runs if run.started_at is not None}
    now = services.clock()
    return services.worker_metrics.read(
        execution.demo_id,
        started,
        begin=min(started.values(), default=now),
        end=min(now, (execution.stopped_at or now) + STRAGGLERS_SECONDS),
        now=now,
    )


def _current_tps(current: PhaseRun | None, measured: Measured) -> float:
    if current is None or current.started_at is None or current.ends_at is None:
        return 0.0
    number = current.phase.phase_number
    return report.current_tps(
        measured.of(number, WorkerMetric.DELIVERED),
        started_at=current.started_at,
        complete_until=measured.complete_until(current.ends_at),
    )


def _page_of(query: Mapping[str, str]) -> tuple[int, str | None]:
    problems = []
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if not (
        limit.isascii() and limit.isdigit() and len(limit) < 5 and 1 <= int(limit) <= MAX_LIMIT
    ):
        problems.append(
            FieldProblem("limit", f"is {limit!r:.40}", f"give a whole number from 1 to {MAX_LIMIT}")
        )
    token = query.get("token")
    if token is not None and not 1 <= len(token) <= _MAX_TOKEN_LENGTH:
        problems.append(FieldProblem("token", "is no token", "give nextToken as it was answered"))
    if problems:
        raise InvalidPage(problems)
    return int(limit), token
