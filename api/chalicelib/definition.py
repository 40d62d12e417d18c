"""The workflow and its default plan, read from the one place that states them: statemachine.json.

The file lies beside this module as a link, so that the Lambda's zip carries the very definition
that is deployed.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from chalicelib.plan import Phase, read_default_plan

_FILE = "statemachine.json"


@cache
def workflow() -> dict[str, Any]:
    """The state machine in Amazon States Language."""
    definition: dict[str, Any] = json.loads(
        resources.files(__package__).joinpath(_FILE).read_text("utf-8")
    )
    return definition


def default_plan_document() -> object:
    """The plan as InitializeDemo's payload states it: {"phases": [...]}."""
    return workflow()["States"]["InitializeDemo"]["Parameters"]["Payload"]["default_plan"]


def default_phases(per_task_capacity: float) -> tuple[Phase, ...]:
    """The default plan's four phases. InvalidPlan if the file states none."""
    return read_default_plan(default_plan_document(), per_task_capacity=per_task_capacity)
