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
class Transition:
    """A state, and when it was entered, in epoch seconds."""

    state: str
    entered_at: float


@dataclass(frozen=True)
class Progress:
    """The states entered, oldest first, and the newest demo_state; None before there is one."""

    transitions: tuple[Transition, ...]
    demo_state: DemoState | None

    @property
    def state_name(self) -> str | None:
        """The newest state entered; None before there is one."""
        return self.transitions[-1].state if self.transitions else None


def progress(events_newest_first: Iterable[Mapping[str, Any]]) -> Progress:
    """Reads the history to its beginning, but parses no more of it than the newest demo_state."""
    found: DemoState | None = None
    transitions = []
    for event in events_newest_first:
        entered = event.get("stateEnteredEventDetails", {})
        left = event.get("stateExitedEventDetails", {})
        if entered:
            transitions.append(Transition(entered["name"], event["timestamp"].timestamp()))
        found = found or _demo_state(entered.get("input")) or _demo_state(left.get("output"))
    return Progress(tuple(reversed(transitions)), found)


def _demo_state(data: str | None) -> DemoState | None:
    document = json.loads(data) if data else None
    if not isinstance(document, dict) or "demo_state" not in document:
        return None
    try:
        return demo_state.from_json(document["demo_state"])
    except InvalidEvent:  # somebody's own input, which is no state of ours
        return None
