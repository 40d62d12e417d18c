"""What the API does with demos: start one, look at one, list them, stop one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib import json_body, names, plan, report
from chalicelib.contract import WorkerMetric
from chalicelib.demo_state import DEFAULT_METRICS_INTERVAL, PhaseRun
from chalicelib.errors import FieldProblem, InvalidPage, InvalidPlan
from chalicelib.instants import iso
from chalicelib.plan import Phase
from chalicelib.report import Measured
from chalicelib.services import Services
from chalicelib.workflow import RUNNING, Execution

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_MAX_TOKEN_LENGTH = 3096  # botocore: ListExecutions, nextToken
_STRAGGLERS_SECONDS = 120  # a worker drains for 30 s after its phase, and publishes then


def start(raw_body: bytes, services: Services) -> dict[str, Any]:
    """Starts a demo. InvalidPlan names every bad field; DemoExists if its name is taken."""
    body, problems = json_body.read(raw_body)
    request = plan.read_request(
        body,
        defaults=services.default_phases,
        per_task_capacity=services.per_task_capacity,
        problems=problems,
    )
    now = datetime.fromtimestamp(services.clock(), UTC)
    demo_id = request.name or names.unnamed(now, secrets.token_hex(2))
    execution = services.workflow.start(
        demo_id,
        {
            "phases": [_phase_input(phase) for phase in request.phases],
            # Makes every input another, so that a name in use is refused while its demo runs, too.
            "requested_at": now.isoformat(),
        },
    )
    return {
        "demoId": demo_id,
        "executionArn": execution.arn,
        "startDate": iso(execution.started_at),
        "status": execution.status,
        "message": f"Demo {demo_id} is starting: GET /demo/{demo_id} shows how it goes.",
    }


def describe(demo_id: str, services: Services) -> dict[str, Any]:
    """One demo, as it stands. UnknownDemo if there is none of that id."""
    execution = services.workflow.describe(demo_id)
    progress = services.workflow.progress(execution)
    state = progress.demo_state
    runs = state.runs if state else _planned(execution, services)
    measured = Measured(
        series=_series(execution, runs, services),
        now=services.clock(),
        stopped_at=execution.stopped_at,
        metrics_interval=state.metrics_interval if state else DEFAULT_METRICS_INTERVAL,
    )
    phases = [report.phase_report(run, measured) for run in runs]
    current = state.current if state and execution.status == RUNNING else None
    fleet, stream = services.fleet.size(demo_id), services.stream_size()
    return {
        "demoId": demo_id,
        "executionArn": execution.arn,
        "status": execution.status,
        "startDate": iso(execution.started_at),
        "stopDate": None if execution.stopped_at is None else iso(execution.stopped_at),
        "currentState": progress.state_name if execution.status == RUNNING else None,
        "currentPhase": current.phase.phase_number if current else None,
        "current_tps": _current_tps(current, measured),
        "phases": phases,
        "records": report.records_in(phases),
        "tasks": {"desired": fleet.desired, "running": fleet.running},
        "stream": {"name": stream.name, "open_shards": stream.open_shards},
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
    services.fleet.take_down(demo_id)
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


def _phase_input(phase: Phase) -> dict[str, Any]:
    return {
        "target_tps": phase.target_tps,
        "task_count": phase.task_count,
        "duration_seconds": phase.duration_seconds,
    }


def _planned(execution: Execution, services: Services) -> tuple[PhaseRun, ...]:
    """The phases before InitializeDemo has answered; none if it is going to refuse the input."""
    try:
        phases = plan.read_config(
            execution.input,
            defaults=services.default_phases,
            per_task_capacity=services.per_task_capacity,
        )
    except InvalidPlan:
        return ()
    return tuple(map(PhaseRun, phases))


def _series(
    execution: Execution, runs: tuple[PhaseRun, ...], services: Services
) -> Mapping[Any, report.Series]:
    started = {run.phase.phase_number: run.started_at for run in runs if run.started_at is not None}
    now = services.clock()
    return services.worker_metrics.read(
        execution.demo_id,
        started,
        begin=min(started.values(), default=now),
        end=min(now, (execution.stopped_at or now) + _STRAGGLERS_SECONDS),
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
