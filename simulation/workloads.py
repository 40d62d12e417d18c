"""The seconds to simulate: of a plan as POST /demo takes it, a table, a shape, a past demo."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib import definition, plan
from chalicelib.errors import InvalidPlan
from ondemand import workload
from ondemand.workload import BadWorkload, Launching, Phase, Second, Sending, Shape
from reporting.seconds import unix
from simulation.errors import BadQuestion
from simulation.question import MOST_SECONDS, Question

MOST_RATE = 100_000_000.0
"""Records/s; far above what any stream takes, and still exact in floating point."""


@dataclass(frozen=True)
class Workload:
    """What is sent, second by second, and where that comes from."""

    title: str
    seconds: Sequence[Second]
    phases: tuple[Phase, ...] = ()
    """Of a demo; none for traffic that others make."""


def of_plan(body: Mapping[str, Any], question: Question) -> Workload:
    """A body for POST /demo; what it leaves out is the default plan's. Raises BadQuestion."""
    capacity = question.task_records_per_second
    try:
        asked = plan.read_request(
            body,
            defaults=definition.default_phases(capacity),
            per_task_capacity=capacity,
        )
    except InvalidPlan as error:
        lines = [f"{p.field} {p.problem}: {p.advice}" for p in error.problems]
        raise BadQuestion("\n".join(lines)) from None
    phases = [Phase(p.target_tps, p.duration_seconds, p.task_count) for p in asked.phases]
    launching = Launching(start_seconds=question.task_start_seconds)
    seconds = workload.of_phases(phases, launching)
    return Workload("the plan", seconds, tuple(phases))


def of_summary(path: Path) -> Workload:
    """A demo that was run, by its summary.json: what its tasks made, when they made it.

    Raises BadQuestion.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        origin = math.floor(unix(found["phases"][0]["started_at"]))
        sendings = [_sending(phase, origin) for phase in found["phases"]]
        title = f"demo {found['demo_id']} again"
        seconds = workload.of_sendings(sendings)
        return Workload(title, seconds, tuple(sending.phase for sending in sendings))
    except (OSError, ValueError, LookupError, TypeError, ZeroDivisionError) as error:
        raise BadQuestion(
            f"--replay {path}: it can't be read as a demo's summary.json ({error!r}): give the one "
            "that a demo left in reports/"
        ) from None


def of_csv(path: Path) -> Workload:
    """A table of second,records/s. Raises BadQuestion."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return _of_rates(path.name, workload.of_csv(lines))
    except BadWorkload as error:
        raise BadQuestion(f"--csv {path}, {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadQuestion(f"--csv {path} can't be read: {error}") from None


def of_shape(name: str, low: float, high: float, seconds: int, period: int) -> Workload:
    """A named course between two rates. Raises BadQuestion."""
    problems = [
        f"--{option} is {value:g}: give {least:,g} to {most:,g}"
        for option, value, least, most in (
            ("low", low, 0, MOST_RATE),
            ("high", high, 0, MOST_RATE),
            ("seconds", seconds, 1, MOST_SECONDS),
            ("period", period, 1, MOST_SECONDS),
        )
        if not least <= value <= most
    ]
    if problems:
        raise BadQuestion("\n".join(problems))
    title = f"a {name} from {low:,.10g} to {high:,.10g} records/s"
    return _of_rates(title, workload.of_shape(Shape(name), low, high, seconds, period))


def _of_rates(title: str, rates: Sequence[float]) -> Workload:
    if len(rates) > MOST_SECONDS or max(rates) > MOST_RATE:
        raise BadQuestion(
            f"{title} has {len(rates):,} seconds and up to {max(rates):,g} records/s: give at most "
            f"{MOST_SECONDS:,} and {MOST_RATE:,.0f}"
        )
    return Workload(title, workload.of_rates(rates, tasks=0))


def _sending(phase: Mapping[str, Any], origin: float) -> Sending:
    """A phase as it went. Its tasks kept their pace until it ended, so what they made tells when
    they began."""
    began = unix(phase["started_at"]) - origin
    end = began + phase["duration_seconds"]
    sent_for = phase["generated"] / phase["target_tps"]
    found = Phase(phase["target_tps"], phase["duration_seconds"], phase["task_count"])
    return Sending(found, began, max(began, end - sent_for), end)
