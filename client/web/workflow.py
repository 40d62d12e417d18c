"""The state machine as the page draws it: the way through it, and the way out of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def drawn(machine: Mapping[str, Any]) -> dict[str, Any]:
    """The states in the order in which a demo takes them, those of a failure, and the plan.

    `machine` is statemachine.json. Its default plan is what a phase is that isn't given.
    """
    states = machine["States"]
    path = _from(machine["StartAt"], states)
    caught = {catch["Next"] for name in path for catch in states[name].get("Catch", ())}
    failure = [name for start in sorted(caught) for name in _from(start, states)]
    first = states[machine["StartAt"]]
    return {
        "path": [_state(name, states) for name in path],
        "failure": [_state(name, states) for name in failure],
        "defaultPhases": first["Parameters"]["Payload"]["default_plan"]["phases"],
    }


def _from(start: str, states: Mapping[str, Any]) -> list[str]:
    path = []
    name: str | None = start
    while name is not None and name not in path:
        path.append(name)
        name = states[name].get("Next")
    return path


def _state(name: str, states: Mapping[str, Any]) -> dict[str, str]:
    return {"name": name, "type": states[name]["Type"], "comment": states[name].get("Comment", "")}
