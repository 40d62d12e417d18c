"""What is to be run: the bodies of POST /demo, from a plan's name, a file, or the command line.

The full plan is the workflow's own, so its body is empty; the quick one is made to show all four
phases within a minute on a machine of two cores.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

QUICK: dict[str, Any] = {
    "phases": [
        {"target_tps": 100, "task_count": 1, "duration_seconds": 10},
        {"target_tps": 6_000, "task_count": 2, "duration_seconds": 15},
        {"target_tps": 12_000, "task_count": 4, "duration_seconds": 15},
        {"target_tps": 100, "task_count": 1, "duration_seconds": 10},
    ]
}
FULL: dict[str, Any] = {}
_KEPT = "-"
_PHASE = ("target_tps", "duration_seconds", "task_count")


class BadPlan(Exception):
    """What was asked for is no plan; the message says where, and what to give."""


def read_plan(name: str) -> dict[str, Any]:
    """Return the body for `quick`, `full`, or a path to a JSON file with one. Raises BadPlan."""
    if name in ("quick", "full"):
        return QUICK if name == "quick" else FULL
    try:
        body = json.loads(Path(name).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        where = f"{name}, line {error.lineno}, column {error.colno}"
        raise BadPlan(f"{where}: no JSON ({error.msg})") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadPlan(
            f"the plan {name} can't be read ({reason}): give quick, full, or a JSON file with a "
            "body for POST /demo"
        ) from None
    if not isinstance(body, dict):
        raise BadPlan(f'{name} holds no JSON object: write {{"phases": [...]}}, as the README does')
    return body


def read_phases(text: str) -> list[dict[str, Any] | None]:
    """Return the phases of `TPS:SECONDS[:TASKS],…`, where `-` is the default plan's own phase.

    Whether a plan may have them is for the API to say. Raises BadPlan.
    """
    return [None if entry == _KEPT else _phase(entry) for entry in text.split(",")]


def read_thresholds(texts: Sequence[str]) -> list[str]:
    """Return the thresholds of texts that hold one each, or several with commas between them.

    Whether they are thresholds is for the API to say.
    """
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def judged_by(body: Mapping[str, Any], texts: Sequence[str], *, abort: bool) -> dict[str, Any]:
    """Return a body with these thresholds after its own; with `abort` it stops at a crossed one."""
    more = read_thresholds(texts)
    own = body.get("thresholds", [])
    judged = dict(body)
    if more:
        # What is no list is for the API to refuse.
        judged["thresholds"] = [*own, *more] if isinstance(own, list) else own
    if abort:
        judged["abort_on_fail"] = True
    return judged


def _phase(entry: str) -> dict[str, Any]:
    parts = entry.split(":")
    try:
        target = float(parts[0])
        numbers = [int(target) if target.is_integer() else target, *map(int, parts[1:])]
    except ValueError:
        numbers = []
    if not 2 <= len(numbers) <= len(_PHASE) or not math.isfinite(numbers[0]):
        raise BadPlan(
            f"the phase {entry!r} can't be read: give TPS:SECONDS or TPS:SECONDS:TASKS, such as "
            f"20000:120:30, or {_KEPT} for the default plan's own"
        )
    return dict(zip(_PHASE, numbers, strict=False))
