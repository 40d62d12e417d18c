"""Follows a demo through its API until it ends, and shows how it goes.

On a terminal it is a board that is drawn again and again, elsewhere a line for each phase.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from client import thresholds
from client.api import ApiError, DemoApi
from client.board import board
from client.console import Console
from client.series import Series
from client.show import phase_line, progress_line

POLL_SECONDS = 5.0
"""Each look at a demo on AWS costs a little: the API's estimates count on so many seconds between
two (chalicelib.usage, LOOK_SECONDS)."""
POLL_SECONDS_HERE = 1.0
"""The same of an API on this machine."""
AGAIN_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
JUDGING_SECONDS = 150.0
"""After two minutes the API judges by what there is (api/chalicelib/timeseries.py)."""
PASSING = (429, 500, 502, 503, 504)
"""Statuses of an API that is there and may answer the next time."""
UNKNOWN, UNKNOWN_SECONDS = 404, 5.0
"""Step Functions may not know an execution yet that it has just started (botocore:
DescribeExecution is eventually consistent)."""


def looks(
    api: DemoApi,
    demo_id: str,
    on_trouble: Callable[[str], None],
    every: float = POLL_SECONDS,
) -> Iterator[dict[str, Any]]:
    """Yield GET /demo/<id>'s answers, `every` so many seconds; the last is of its end, judged.

    An API that can't answer for the moment is asked again, for a minute, and one that doesn't know
    the demo yet for some seconds; then, and when it refuses, ApiError is raised.
    """
    known = False
    deadline: float | None = None
    while True:
        demo = _look(api, demo_id, on_trouble, known=known)
        known = True
        yield demo
        if demo["status"] != "RUNNING":
            now = time.monotonic()
            deadline = now + JUDGING_SECONDS if deadline is None else deadline
            if not thresholds.pending(demo) or now > deadline:
                return
        time.sleep(every)


def watch(
    api: DemoApi,
    demo_id: str,
    console: Console,
    on_look: Callable[[dict[str, Any]], None],
    every: float = POLL_SECONDS,
    on_trouble: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Show a demo till it has ended; return the last answer. `on_look` gets each. As `looks`.

    `on_trouble` is told of each look that failed for the moment, instead of who watches.
    """
    draw = _board if console.live else _lines
    demo: dict[str, Any] = {}
    on_each = draw(api, demo_id, console)
    for demo in looks(api, demo_id, on_trouble or console.progress, every):
        on_look(demo)
        on_each(demo)
    return demo


def _lines(_: DemoApi, __: str, console: Console) -> Callable[[dict[str, Any]], None]:
    """Shows a line for each phase that is over, and how the one under way goes."""
    shown = 0

    def draw(demo: dict[str, Any]) -> None:
        nonlocal shown
        running = demo["status"] == "RUNNING"
        started = [phase for phase in demo["phases"] if phase.get("started_at")]
        for phase in started[shown:-1] if running else started[shown:]:
            console.say(phase_line(phase, demo))
            shown += 1
        if running:
            console.progress(progress_line(demo, datetime.now(UTC)))
        elif thresholds.pending(demo):
            console.progress("judging its thresholds, when the last counts are in")

    return draw


def _board(api: DemoApi, demo_id: str, console: Console) -> Callable[[dict[str, Any]], None]:
    """Shows all of it at once, and again at each look."""
    series = Series()

    def draw(demo: dict[str, Any]) -> None:
        if not series.complete:
            try:
                series.add(api.metrics(demo_id, **series.resume))
            except ApiError as error:
                console.progress(f"no numbers by the second just now: {error}")
        console.board(board(demo, series, datetime.now(UTC), shutil.get_terminal_size().columns))

    return draw


def _look(
    api: DemoApi, demo_id: str, on_trouble: Callable[[str], None], *, known: bool
) -> dict[str, Any]:
    began = time.monotonic()
    while True:
        try:
            return api.get(demo_id)
        except ApiError as error:
            if time.monotonic() > began + _patience(error.status, known):
                raise
            on_trouble(f"the API can't answer just now: {error}")
            time.sleep(AGAIN_SECONDS)


def _patience(status: int | None, known: bool) -> float:
    """How many seconds an error may pass; none if it is an answer."""
    if status is None or status in PASSING:
        return PATIENCE_SECONDS
    return UNKNOWN_SECONDS if status == UNKNOWN and not known else -math.inf
