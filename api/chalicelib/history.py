"""How far an execution has come, as its own history tells. Pure.

Step Functions keeps what every state was given and what it answered; the newest of these that
holds a demo_state is the demo's present. There is no second store that could disagree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib import demo_state
from chalicelib.demo_state import DemoState
from chalicelib.errors import InvalidEvent


@dataclass(frozen=True)
class Progress:
    """The newest state entered, and the newest demo_state; each None before there is one."""

    state_name: str | None
    demo_state: DemoState | None


def progress(events_newest_first: Iterable[Mapping[str, Any]]) -> Progress:
    """Reads no further back than it has to."""
    state_name: str | None = None
    for event in events_newest_first:
        entered = event.get("stateEnteredEventDetails", {})
        left = event.get("stateExitedEventDetails", {})
        state_name = state_name or entered.get("name")
        found = _demo_state(entered.get("input")) or _demo_state(left.get("output"))
        if found and state_name:
            return Progress(state_name, found)
    return Progress(state_name, None)


def _demo_state(data: str | None) -> DemoState | None:
    document = json.loads(data) if data else None
    if not isinstance(document, dict) or "demo_state" not in document:
        return None
    try:
        return demo_state.from_json(document["demo_state"])
    except InvalidEvent:  # somebody's own input, which is no state of ours
        return None
