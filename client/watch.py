"""Follows a demo through its API until it ends, and shows how it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from client.api import ApiError, DemoApi
from client.console import Console
from client.show import phase_line, progress_line

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
PASSING = (429, 500, 502, 503, 504)
"""Statuses of an API that is there and may answer the next time."""


def looks(
    api: DemoApi, demo_id: str, on_trouble: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Yield GET /demo/<id>'s answers, about one a second; the last is of the demo's end.

    An API that can't answer for the moment is asked again, for a minute; then, and when it
    refuses, ApiError is raised.
    """
    while True:
        demo = _look(api, demo_id, on_trouble)
        yield demo
        if demo["status"] != "RUNNING":
            return
        time.sleep(POLL_SECONDS)


def watch(
    api: DemoApi, demo_id: str, console: Console, on_look: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Show a demo till it has ended; return the last answer. `on_look` gets each. As `looks`."""
    shown = 0
    demo: dict[str, Any] = {}
    for demo in looks(api, demo_id, console.progress):
        on_look(demo)
        started = [phase for phase in demo["phases"] if phase.get("started_at")]
        for phase in started[shown:-1] if demo["status"] == "RUNNING" else started[shown:]:
            console.say(phase_line(phase, demo))
            shown += 1
        if demo["status"] == "RUNNING":
            console.progress(progress_line(demo, datetime.now(UTC)))
    return demo


def _look(api: DemoApi, demo_id: str, on_trouble: Callable[[str], None]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return api.get(demo_id)
        except ApiError as error:
            passing = error.status is None or error.status in PASSING
            if not passing or time.monotonic() > deadline:
                raise
            on_trouble(f"the API can't answer just now: {error}")
            time.sleep(POLL_SECONDS)
