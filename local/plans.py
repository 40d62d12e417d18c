"""The plans that `make demo` can run: a POST body each.

The full plan is the workflow's own, so its body is empty; the quick one is made to show all four
phases within a minute on a machine of two cores.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

QUICK: dict[str, Any] = {
    "phases": [
        {"target_tps": 100, "task_count": 1, "duration_seconds": 10},
        {"target_tps": 1_000, "task_count": 2, "duration_seconds": 10},
        {"target_tps": 5_000, "task_count": 4, "duration_seconds": 10},
        {"target_tps": 100, "task_count": 1, "duration_seconds": 10},
    ]
}
FULL: dict[str, Any] = {}


class UnknownPlan(Exception):
    """PLAN names neither a plan nor a readable JSON file."""


def read_plan(name: str) -> dict[str, Any]:
    """Return the POST body for `quick`, `full`, or a path to a JSON file with a body of its own."""
    if name in ("quick", "full"):
        return QUICK if name == "quick" else FULL
    try:
        body = json.loads(Path(name).read_text())
    except (OSError, ValueError) as error:
        raise UnknownPlan(
            f"PLAN={name} can't be read ({error}); use quick, full, or a JSON file with a body "
            "for POST /demo"
        ) from error
    if not isinstance(body, dict):
        raise UnknownPlan(f"PLAN={name} holds no JSON object; see the README for what it may hold")
    return body
