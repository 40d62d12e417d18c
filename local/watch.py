"""Follows a demo through its API until it ends, and shows how it goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local.api import ApiError, DemoApi
from local.console import Console

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
PASSING = (429, 500, 502, 503, 504)
"""Statuses of an API that is there and may answer the next time."""
NAMES = {1: "baseline", 2: "spike", 3: "peak", 4: "decline"}


def watch(
    api: DemoApi, demo_id: str, console: Console, on_look: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Return GET /demo/<id>'s answer once the demo has ended.

    `on_look` gets every answer, about one a second. An API that can't answer for the moment is
    asked again, for a minute; then, and when it refuses, ApiError is raised.
    """
    shown = 0
    while True:
        demo = _look(api, demo_id, console)
        on_look(demo)
        started = [phase for phase in demo["phases"] if phase.get("started_at")]
        for phase in started[shown:-1] if demo["status"] == "RUNNING" else started[shown:]:
            console.say(phase_line(phase, demo))
            shown += 1
        if demo["status"] != "RUNNING":
            return demo
        console.progress(progress_line(demo, datetime.now(UTC)))
        time.sleep(POLL_SECONDS)


def _look(api: DemoApi, demo_id: str, console: Console) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return api.get(demo_id)
        except ApiError as error:
            passing = error.status is None or error.status in PASSING
            if not passing or time.monotonic() > deadline:
                raise
            console.progress(f"the API can't answer just now: {error}")
            time.sleep(POLL_SECONDS)


def phase_line(phase: dict[str, Any], demo: dict[str, Any]) -> str:
    """A phase that is over, in one line."""
    return (
        f"{_title(phase)}  achieved {_rate(phase.get('achieved_tps'))}"
        f"  by {phase['task_count']:,} {'task' if phase['task_count'] == 1 else 'tasks'}"
        f"  {demo['stream']['open_shards']} open shards"
    )


def progress_line(demo: dict[str, Any], now: datetime) -> str:
    """The phase under way, in one line."""
    phase = next((p for p in demo["phases"] if p["phase_number"] == demo["currentPhase"]), None)
    tasks, records = demo["tasks"], demo["records"]
    if phase is None or not phase.get("started_at"):
        return f"{demo['status'].lower()}, {records['delivered']:,} records delivered"
    left = (datetime.fromisoformat(phase["ends_at"]) - now).total_seconds()
    return (
        f"{_title(phase)}  now {_rate(demo.get('current_tps'))}"
        f"  tasks {tasks['running']}/{tasks['desired']}"
        f"  throttled {records['throttled']:,}  {max(0, left):.0f} s left"
    )


def _title(phase: dict[str, Any]) -> str:
    number = phase["phase_number"]
    return f"phase {number} {NAMES[number]:<8} {phase['target_tps']:>7,g}/s"


def _rate(tps: float | None) -> str:
    return f"{'–':>9}" if tps is None else f"{tps:>7,.0f}/s"
