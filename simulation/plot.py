"""A simulation's picture: the same that a demo's report has."""

from __future__ import annotations

from collections.abc import Iterator

from reporting.canvas import Form
from reporting.picture import Band, Story, draw
from simulation.result import MODEL, Result


def picture(result: Result, form: Form) -> bytes:
    """The picture as a file's content. Raises ImportError without matplotlib."""
    rows = result.rows
    story = Story(
        title=f"Simulated: {result.workload.title}",
        seconds=tuple(float(row.second) for row in rows),
        offered=tuple(row.offered for row in rows),
        accepted=tuple(row.accepted for row in rows),
        throttled=tuple(row.throttled for row in rows),
        shards=tuple(float(row.shards) for row in rows),
        tasks=tuple(float(row.running) if result.workload.phases else None for row in rows),
        phases=tuple(_bands(result)),
        note=MODEL,
    )
    return draw(story, form)


def _bands(result: Result) -> Iterator[Band]:
    begin = 0.0
    for number, phase in enumerate(result.workload.phases, start=1):
        end = begin + phase.duration_seconds
        yield Band(number, f"{phase.target_tps:,g}/s", begin, end)
        begin = end
