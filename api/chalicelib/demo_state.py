"""What travels through the workflow as $.demo_state, and what GET reads back. Pure.

The controller's answer is the next demo_state, so this module states the answer's shape:
`status`, `demo_id`, `started_at`, `phases[]`, `stream`, and while a phase is under way its number,
target, task count, start and end at the top level, where the workflow's Wait reads `wait_seconds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from chalicelib import criteria, record_choice, stream_choice
from chalicelib.criteria import NO_CRITERIA, Criteria
from chalicelib.errors import InvalidEvent
from chalicelib.instants import epoch, iso
from chalicelib.plan import DemoRequest, Phase
from chalicelib.stream_choice import AS_IT_IS, StreamChoice

DEFAULT_METRICS_INTERVAL = 10.0
"""Seconds between a worker's publications, unless its task definition says otherwise."""


class Status(StrEnum):
    """How far the controller has brought the demo."""

    INITIALIZED = "initialized"
    PHASE_STARTED = "phase_started"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class PhaseRun:
    """A phase and, once it was started, its window in epoch seconds."""

    phase: Phase
    started_at: float | None = None
    ends_at: float | None = None


@dataclass(frozen=True)
class DemoState:
    """A demo, as far as the controller has brought it; times are epoch seconds."""

    demo_id: str
    status: Status
    started_at: float
    runs: tuple[PhaseRun, ...]
    phase_number: int | None = None
    ended_at: float | None = None
    wait_seconds: int = 0
    metrics_interval: float = DEFAULT_METRICS_INTERVAL
    metric_failures: int = 0
    stream: StreamChoice = AS_IT_IS
    record: str | None = None
    """A template's text; None for posts."""
    criteria: Criteria = NO_CRITERIA

    @property
    def request(self) -> DemoRequest:
        """What the demo was asked to be."""
        phases = tuple(run.phase for run in self.runs)
        return DemoRequest(self.demo_id, phases, self.stream, self.record, self.criteria)

    @property
    def current(self) -> PhaseRun | None:
        """The phase under way."""
        return None if self.phase_number is None else self.runs[self.phase_number - 1]


def initialized(
    demo_id: str,
    started_at: float,
    phases: tuple[Phase, ...],
    stream: StreamChoice = AS_IT_IS,
    record: str | None = None,
    judged_by: Criteria = NO_CRITERIA,
) -> DemoState:
    """A demo of which no phase has started."""
    return DemoState(
        demo_id,
        Status.INITIALIZED,
        started_at,
        tuple(map(PhaseRun, phases)),
        stream=stream,
        record=record,
        criteria=judged_by,
    )


def with_phase(
    state: DemoState, run: PhaseRun, metrics_interval: float, wait_seconds: int
) -> DemoState:
    """The demo with this phase under way; the workflow is to wait so long for its end."""
    number = run.phase.phase_number
    runs = list(state.runs)
    runs[number - 1] = run
    return replace(
        state,
        status=Status.PHASE_STARTED,
        runs=tuple(runs),
        phase_number=number,
        metrics_interval=metrics_interval,
        wait_seconds=wait_seconds,
    )


def ended(state: DemoState, status: Status, at: float) -> DemoState:
    """The demo after its last phase, or after its failure."""
    return replace(state, status=status, phase_number=None, wait_seconds=0, ended_at=at)


def to_json(state: DemoState) -> dict[str, Any]:
    """The controller's answer."""
    answer: dict[str, Any] = {
        "status": str(state.status),
        "demo_id": state.demo_id,
        "started_at": iso(state.started_at),
        "phases": [_run_to_json(run) for run in state.runs],
        "metrics_interval_seconds": state.metrics_interval,
        "metric_failures": state.metric_failures,
        **stream_choice.to_json(state.stream),
        **record_choice.to_json(state.record),
        **criteria.to_json(state.criteria),
    }
    if state.current and state.current.started_at and state.current.ends_at:
        answer |= {
            "phase_number": state.phase_number,
            "target_tps": state.current.phase.target_tps,
            "task_count": state.current.phase.task_count,
            "phase_started_at": iso(state.current.started_at),
            "phase_ends_at": iso(state.current.ends_at),
            "wait_seconds": state.wait_seconds,
        }
    if state.ended_at is not None:
        answer |= {
            "ended_at": iso(state.ended_at),
            "duration_seconds": round(state.ended_at - state.started_at, 3),
        }
    return answer


def from_json(document: object) -> DemoState:
    """The demo_state that an earlier answer was. InvalidEvent if it is none."""
    try:
        return _from_mapping(_mapping(document))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidEvent(f"demo_state can't be read: {error!r}") from error


def _from_mapping(document: Mapping[str, Any]) -> DemoState:
    number = document.get("phase_number")
    ended_at = document.get("ended_at")
    if number is not None and not 1 <= int(number) <= len(document["phases"]):
        raise ValueError(f"there is no phase {number}")
    return DemoState(
        demo_id=str(document["demo_id"]),
        status=Status(document["status"]),
        started_at=epoch(document["started_at"]),
        runs=tuple(_run_from_json(_mapping(entry)) for entry in document["phases"]),
        phase_number=None if number is None else int(number),
        ended_at=None if ended_at is None else epoch(ended_at),
        wait_seconds=int(document.get("wait_seconds", 0)),
        metrics_interval=float(document.get("metrics_interval_seconds", DEFAULT_METRICS_INTERVAL)),
        metric_failures=int(document.get("metric_failures", 0)),
        # A demo that began before its controller was upgraded says nothing of these.
        stream=stream_choice.read({**document, "stream": _mapping(document.get("stream", {}))}),
        record=record_choice.read(document),
        criteria=criteria.read(document),
    )


def _run_to_json(run: PhaseRun) -> dict[str, Any]:
    window = {"started_at": run.started_at, "ends_at": run.ends_at}
    return asdict(run.phase) | {key: iso(at) for key, at in window.items() if at is not None}


def _run_from_json(entry: Mapping[str, Any]) -> PhaseRun:
    phase = Phase(
        phase_number=int(entry["phase_number"]),
        target_tps=entry["target_tps"],
        task_count=int(entry["task_count"]),
        duration_seconds=int(entry["duration_seconds"]),
    )
    started_at, ends_at = entry.get("started_at"), entry.get("ends_at")
    return PhaseRun(
        phase,
        None if started_at is None else epoch(started_at),
        None if ends_at is None else epoch(ends_at),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r:.40} is no object")
    return value
