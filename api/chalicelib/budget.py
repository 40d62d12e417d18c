"""The budget guard: what a demo may spend at most, whoever asks for it. Pure.

Its three numbers are the stack's parameters, so that whoever pays for the account decides, and not
whoever has the API's address. What a demo asks for is checked in POST and again by the controller,
for an execution that was started by hand; how many demos run, in POST only. The plan's own limits,
which AWS sets, come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from chalicelib.errors import FieldProblem


@dataclass(frozen=True)
class Budget:
    """The most that is allowed: records per second of a phase, demos at once, seconds of a demo."""

    max_tps: int = 100_000
    max_demos: int = 5
    max_duration_seconds: int = 3_600


def problems(phases: Sequence[object], budget: Budget, *, max_tasks: int) -> Iterator[FieldProblem]:
    """Every phase, as given or by default, that is over the budget, and the whole if it lasts long.

    `max_tasks` is what `max_tps` takes: tasks cost money also when they have little to send. What
    is missing is passed over: `phases` come without what the plan's own rules name.
    """
    for index, phase in enumerate(phases):
        if isinstance(phase, Mapping):
            yield from _phase_problems(f"phases[{index}]", phase, budget, max_tasks)
    durations = [phase.get("duration_seconds") for phase in phases if isinstance(phase, Mapping)]
    whole = [seconds for seconds in durations if _is_number(seconds)]
    if len(whole) == len(phases) and sum(whole) > budget.max_duration_seconds:
        yield FieldProblem(
            "phases",
            f"last {sum(whole):,} s in all",
            f"let them last at most {budget.max_duration_seconds:,} s together, or raise the"
            " stack's parameter MaxDurationSeconds",
        )


def _phase_problems(
    at: str, phase: Mapping[str, object], budget: Budget, max_tasks: int
) -> Iterator[FieldProblem]:
    target, tasks = phase.get("target_tps"), phase.get("task_count")
    if _is_number(target) and target > budget.max_tps:
        yield FieldProblem(
            f"{at}.target_tps",
            f"is {target:,}",
            f"give at most {budget.max_tps:,}, or raise the stack's parameter MaxTps",
        )
    if _is_number(tasks) and tasks > max_tasks:
        yield FieldProblem(
            f"{at}.task_count",
            f"is {tasks:,}",
            f"give at most {max_tasks:,}, which the stack's parameter MaxTps ({budget.max_tps:,})"
            " takes, or raise that",
        )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
