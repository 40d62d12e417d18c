"""A demo's plan: four phases, from what a caller gave and what the default plan fills in. Pure.

One set of rules serves POST and the workflow's InitializeDemo. Checking comes first and names every
bad field; building then can't fail. A phase's task count is static: its own, else as many tasks as
its target needs at `per_task_capacity` records per second each.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib import budget as budget_guard
from chalicelib import criteria, names, record_choice, stream_choice
from chalicelib.budget import Budget
from chalicelib.criteria import NO_CRITERIA, Criteria
from chalicelib.errors import FieldProblem, InvalidPlan
from chalicelib.shown import shown
from chalicelib.stream_choice import AS_IT_IS, StreamChoice

PHASES = 4
MAX_TARGET_TPS = 10_000_000
MAX_DURATION_SECONDS = 86_400
MAX_TASK_COUNT = 5_000
"""Tasks per service, at most (AWS General Reference, Amazon ECS endpoints and quotas)."""

DEFAULT_PER_TASK_CAPACITY = 1000.0
"""Records per second that one task is given, unless PER_TASK_CAPACITY says otherwise."""

_CHOICES = stream_choice.KEYS | record_choice.KEYS | criteria.KEYS
POST_KEYS = frozenset({"phases", "name"}) | _CHOICES
EXECUTION_KEYS = frozenset({"phases", "requested_at"}) | _CHOICES
_ENTRY_KEYS = frozenset({"target_tps", "duration_seconds", "task_count"})
_ENTRY_ADVICE = 'give null for the default, or {"target_tps": 100, "duration_seconds": 120}'


@dataclass(frozen=True)
class Phase:
    """One phase; `target_tps` in records per second of the whole phase, all its tasks together."""

    phase_number: int
    target_tps: float
    task_count: int
    duration_seconds: int


@dataclass(frozen=True)
class DemoRequest:
    """What POST, or an execution's input, asks for; `name` is None if it is named elsewhere."""

    name: str | None
    phases: tuple[Phase, ...]
    stream: StreamChoice = AS_IT_IS
    record: str | None = None
    """A template's text; None for posts."""
    criteria: Criteria = NO_CRITERIA


def tasks_for(target_tps: float, per_task_capacity: float) -> int:
    """How many tasks carry this many records per second; one at least."""
    return max(1, math.ceil(target_tps / per_task_capacity))


def read_request(
    body: object,
    *,
    defaults: Sequence[Phase],
    per_task_capacity: float,
    budget: Budget | None = None,
    problems: Sequence[FieldProblem] = (),
) -> DemoRequest:
    """POST's body as a request. InvalidPlan names every bad field, after `problems`.

    Without a `budget`, only the plan's own limits count.
    """
    found = [*problems, *_config_problems(body, POST_KEYS, _ENTRY_KEYS, per_task_capacity)]
    if isinstance(body, Mapping):
        if "name" in body:
            found += _name_problems(body["name"])
        found += stream_choice.problems(body)
        found += record_choice.problems(body)
        found += criteria.problems(body)
        found += _over_budget(body, defaults, per_task_capacity, budget, found)
    if found or not isinstance(body, Mapping):
        raise InvalidPlan(found)
    phases = _resolved(body, defaults, per_task_capacity)
    return _request(body.get("name"), phases, body)


def read_config(
    config: object,
    *,
    defaults: Sequence[Phase],
    per_task_capacity: float,
    budget: Budget | None = None,
) -> DemoRequest:
    """An execution's input; an entry may say its own phase_number. Raises InvalidPlan."""
    entry_keys = _ENTRY_KEYS | {"phase_number"}
    found = [*_config_problems(config, EXECUTION_KEYS, entry_keys, per_task_capacity)]
    if isinstance(config, Mapping):
        found += stream_choice.problems(config, may_be_null=True)
        found += record_choice.problems(config, may_be_null=True)
        found += criteria.problems(config)
        found += _over_budget(config, defaults, per_task_capacity, budget, found)
    if found or not isinstance(config, Mapping):
        raise InvalidPlan(found)
    phases = _resolved(config, defaults, per_task_capacity)
    return _request(None, phases, config)


def _request(name: str | None, phases: tuple[Phase, ...], config: Mapping[str, Any]) -> DemoRequest:
    return DemoRequest(
        name,
        phases,
        stream_choice.read(config),
        record_choice.read(config),
        criteria.read(config),
    )


def read_default_plan(document: object, *, per_task_capacity: float) -> tuple[Phase, ...]:
    """The plan that statemachine.json carries, which has nothing to fall back to. InvalidPlan."""
    found = [*_config_problems(document, frozenset({"phases"}), _ENTRY_KEYS, per_task_capacity)]
    if not found and isinstance(document, Mapping):
        entries = document.get("phases")
        if isinstance(entries, list) and all(entry is not None for entry in entries):
            return _resolved(document, (), per_task_capacity)
        found = [FieldProblem("phases", "has no plan of its own", "write all four phases")]
    raise InvalidPlan([FieldProblem(f"default_plan.{p.field}", p.problem, p.advice) for p in found])


def _resolved(
    config: Mapping[str, Any], defaults: Sequence[Phase], per_task_capacity: float
) -> tuple[Phase, ...]:
    entries = config.get("phases", [None] * PHASES)
    return tuple(
        defaults[index] if entry is None else _phase(index + 1, entry, per_task_capacity)
        for index, entry in enumerate(entries)
    )


def _phase(number: int, entry: Mapping[str, Any], per_task_capacity: float) -> Phase:
    target = entry["target_tps"]
    tasks = entry.get("task_count", tasks_for(target, per_task_capacity))
    return Phase(number, target, tasks, entry["duration_seconds"])


def _over_budget(
    config: Mapping[str, Any],
    defaults: Sequence[Phase],
    per_task_capacity: float,
    budget: Budget | None,
    found: Sequence[FieldProblem],
) -> list[FieldProblem]:
    """What the budget forbids, defaults included, of what isn't `found` to be wrong anyway."""
    entries = config.get("phases", [None] * PHASES)
    if budget is None or not isinstance(entries, list) or len(entries) != PHASES:
        return []
    bad = {problem.field for problem in found}
    phases = [
        asdict(default) if entry is None else _without(bad, f"phases[{index}]", entry)
        for index, (entry, default) in enumerate(zip(entries, defaults, strict=True))
    ]
    max_tasks = tasks_for(budget.max_tps, per_task_capacity)
    return [*budget_guard.problems(phases, budget, max_tasks=max_tasks)]


def _without(bad: Container[str], at: str, entry: object) -> object:
    """An entry without the fields that are `bad`: there is no counting with what they may hold."""
    if not isinstance(entry, Mapping):
        return entry
    return {key: value for key, value in entry.items() if f"{at}.{key}" not in bad}


def _config_problems(
    config: object, keys: frozenset[str], entry_keys: frozenset[str], per_task_capacity: float
) -> Iterator[FieldProblem]:
    if not isinstance(config, Mapping):
        yield FieldProblem("body", f"is {shown(config)}, not an object", "send {} for the default")
        return
    yield from _unknown_keys("", config, keys)
    if "phases" not in config:
        return
    entries = config["phases"]
    if not isinstance(entries, list):
        yield FieldProblem("phases", f"is {shown(entries)}, not a list", f"give {PHASES} phases")
        return
    if len(entries) != PHASES:
        yield FieldProblem("phases", f"has {len(entries)} entries", f"give exactly {PHASES}")
    for index, entry in enumerate(entries[:PHASES]):
        yield from _entry_problems(index, entry, entry_keys, per_task_capacity)


def _entry_problems(
    index: int, entry: object, keys: frozenset[str], per_task_capacity: float
) -> Iterator[FieldProblem]:
    at = f"phases[{index}]"
    if entry is None:
        return
    if not isinstance(entry, Mapping):
        yield FieldProblem(at, f"is {shown(entry)}, not an object", _ENTRY_ADVICE)
        return
    yield from _unknown_keys(f"{at}.", entry, keys)
    yield from _target_problems(at, entry, per_task_capacity)
    yield from _whole_number_problems(entry, at, "duration_seconds", MAX_DURATION_SECONDS)
    if "task_count" in entry:
        yield from _whole_number_problems(entry, at, "task_count", MAX_TASK_COUNT)
    if entry.get("phase_number", index + 1) != index + 1 and "phase_number" in keys:
        number = shown(entry["phase_number"])
        yield FieldProblem(
            f"{at}.phase_number", f"is {number}", f"give {index + 1}, or leave it out"
        )


def _unknown_keys(
    at: str, found: Mapping[Any, object], known: frozenset[str]
) -> Iterator[FieldProblem]:
    for key in found:
        if key not in known:
            yield FieldProblem(f"{at}{key}", "is unknown", f"use {', '.join(sorted(known))} only")


def _target_problems(
    at: str, entry: Mapping[str, object], per_task_capacity: float
) -> Iterator[FieldProblem]:
    field, advice = f"{at}.target_tps", f"give a number above 0, at most {MAX_TARGET_TPS:,}"
    target = entry.get("target_tps")
    if "target_tps" not in entry:
        yield FieldProblem(field, "is missing", advice)
    elif isinstance(target, bool) or not isinstance(target, int | float):
        yield FieldProblem(field, f"is {shown(target)}, not a number", advice)
    elif not 0 < target <= MAX_TARGET_TPS:  # false for NaN, too
        yield FieldProblem(field, f"is {shown(target)}", advice)
    elif "task_count" not in entry and tasks_for(target, per_task_capacity) > MAX_TASK_COUNT:
        tasks = tasks_for(target, per_task_capacity)
        yield FieldProblem(
            field,
            f"takes {tasks:,} tasks at {per_task_capacity:g} records/s each",
            f"give task_count, or a target that needs at most {MAX_TASK_COUNT:,} tasks",
        )


def _whole_number_problems(
    entry: Mapping[str, object], at: str, key: str, most: int
) -> Iterator[FieldProblem]:
    field, advice = f"{at}.{key}", f"give a whole number from 1 to {most:,}"
    value = entry.get(key)
    if key not in entry:
        yield FieldProblem(field, "is missing", advice)
    elif isinstance(value, bool) or not isinstance(value, int):
        yield FieldProblem(field, f"is {shown(value)}, not a whole number", advice)
    elif not 1 <= value <= most:
        yield FieldProblem(field, f"is {shown(value)}", advice)


def _name_problems(name: object) -> Iterator[FieldProblem]:
    if not isinstance(name, str) or not names.is_name(name):
        length = names.MAX_NAME_LENGTH
        yield FieldProblem(
            "name",
            f"is {shown(name)}",
            f"give 1 to {length} of A-Z a-z 0-9 _ -, the first a letter or digit",
        )
