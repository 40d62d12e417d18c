"""POST /demo: a demo is checked whole before anything is started, and may be checked only.

What is wrong with the body comes first (400), then what the account has not agreed to (409), then
how many demos run (429), and a name that is taken (409) last.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from chalicelib import (
    criteria,
    demo_cost,
    json_body,
    names,
    plan,
    record_choice,
    sharing,
    stream_choice,
)
from chalicelib.errors import FieldProblem, TooManyDemos
from chalicelib.instants import iso
from chalicelib.plan import DemoRequest, Phase
from chalicelib.services import Services
from chalicelib.sharing import Sharing
from chalicelib.workflow import Page

DRY_RUN = "DRY_RUN"
_DRY_RUN_KEY = "dry_run"


def is_dry_run(query: Mapping[str, str]) -> bool:
    """Whether `?dry_run=true` was said."""
    return query.get(_DRY_RUN_KEY) == "true"


def start(raw_body: bytes, query: Mapping[str, str], services: Services) -> dict[str, Any]:
    """Starts a demo, or only says what would be started.

    InvalidPlan names every bad field; CommitmentNotEnabled, WarmThroughputUnsupported,
    TooManyDemos and DemoExists say why a good request can't be carried out.
    """
    body, problems = json_body.read(raw_body)
    request = plan.read_request(
        body,
        defaults=services.default_phases,
        per_task_capacity=services.per_task_capacity,
        budget=services.budget,
        problems=[*problems, *_dry_run_problems(query)],
    )
    now = datetime.fromtimestamp(services.clock(), UTC)
    demo_id = request.name or names.unnamed(now, secrets.token_hex(2))
    stream = stream_choice.stream_name(
        request.stream,
        demo_id,
        kept=services.kept_stream,
        base_family=services.settings.task_definition_family,
    )
    if request.stream.warm_throughput_mibps is not None:
        services.require_commitment()
    running = services.workflow.running()
    _require_room(running, services)
    shared = sharing.now(request.stream, running, services.workflow)
    cost = demo_cost.of_plan(request, services)
    started = (
        _not_started(request, demo_id, services)
        if is_dry_run(query)
        else _started(request, demo_id, now, services)
    )
    return {"demoId": demo_id, **started, **_wanted(request, stream, shared), "cost": cost}


def _require_room(running: Page, services: Services) -> None:
    """TooManyDemos if the budget has none left.

    Step Functions lists a new execution a moment late, so demos that are started at the same
    instant may slip through; each is still bounded by the rest of the budget.
    """
    most = services.budget.max_demos
    if len(running.executions) >= most:
        ids = ", ".join(execution.demo_id for execution in running.executions[:most])
        raise TooManyDemos(
            f"{len(running.executions)} demos run, and at most {most} may (the stack's parameter"
            f" MaxDemos): {ids}. Wait for one to end, or DELETE /demo/<id>."
        )


def _not_started(request: DemoRequest, demo_id: str, services: Services) -> dict[str, Any]:
    if request.name is not None:
        services.workflow.refuse_taken(request.name)
    return {
        "status": DRY_RUN,
        "message": f"Demo {demo_id} could be started; nothing was.",
    }


def _started(
    request: DemoRequest, demo_id: str, now: datetime, services: Services
) -> dict[str, Any]:
    execution = services.workflow.start(
        demo_id,
        {
            "phases": [_phase_input(phase) for phase in request.phases],
            # Makes every input another, so that a name in use is refused while its demo runs, too.
            "requested_at": now.isoformat(),
            **stream_choice.to_json(request.stream),
            **record_choice.to_json(request.record),
            **criteria.to_json(request.criteria),
        },
    )
    return {
        "executionArn": execution.arn,
        "startDate": iso(execution.started_at),
        "status": execution.status,
        "message": f"Demo {demo_id} is starting: GET /demo/{demo_id} shows how it goes.",
    }


def _wanted(request: DemoRequest, stream: str, shared: Sharing) -> dict[str, Any]:
    """The demo as it was understood."""
    return {
        "phases": [asdict(phase) for phase in request.phases],
        "stream": {"name": stream, "mode": str(request.stream.mode), **shared.to_json()},
        stream_choice.WARM: request.stream.warm_throughput_mibps,
        **record_choice.shown(request.record),
        **criteria.to_json(request.criteria),
    }


def _phase_input(phase: Phase) -> dict[str, Any]:
    return {
        "target_tps": phase.target_tps,
        "task_count": phase.task_count,
        "duration_seconds": phase.duration_seconds,
    }


def _dry_run_problems(query: Mapping[str, str]) -> list[FieldProblem]:
    said = query.get(_DRY_RUN_KEY, "false")
    if said in ("true", "false"):
        return []
    return [FieldProblem(_DRY_RUN_KEY, f"is {said!r:.40}", "give true, or leave it out")]
