"""Two demos side by side: number by number, with the difference, and as a page with both curves.

Pure but for the page's template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reporting import page
from reporting.document import Document, lasted
from reporting.folder import Report
from reporting.overlay import overlaid
from reporting.seconds import NAMES, bands, story

WORSE_FROM = 1.0
"""A difference of so many percent is told as better or worse; below it is noise."""

WHOLE = (
    ("lasted", "lasted", "seconds", 0),
    ("generated", "generated", "count", 0),
    ("acknowledged", "acknowledged", "count", 0),
    ("found in the stream", "delivered", "count", 0),
    ("lost", "lost", "count", -1),
    ("given up", "failed", "count", -1),
    ("duplicates", "duplicates", "count", -1),
    ("throttled", "throttled", "count", -1),
    ("retried", "retried", "count", -1),
    ("latency p50", "latency_ms.p50", "ms", -1),
    ("latency p90", "latency_ms.p90", "ms", -1),
    ("latency p99", "latency_ms.p99", "ms", -1),
    ("cost", "cost.actual.total", "money", -1),
)
"""Name, path in the document, form, and whether more of it is better (1), worse (-1) or neither."""
PHASE = (
    ("target/s", "target_tps", "number", 0),
    ("achieved/s", "achieved_tps", "rate", 0),
    ("to target", "seconds_to_target", "seconds", -1),
    ("tasks", "task_count", "count", 0),
    ("shards at its end", "open_shards", "count", 0),
    ("throttled", "throttled", "count", -1),
    ("latency p50", "latency_ms.p50", "ms", -1),
    ("latency p99", "latency_ms.p99", "ms", -1),
)
"""The same, of each phase."""


@dataclass(frozen=True)
class Row:
    """One number of both; None where it can't be told."""

    phase: int | None
    """None: of the whole demo."""
    name: str
    form: str
    a: float | None
    b: float | None
    more_is: int
    """1: better, -1: worse, 0: neither."""

    @property
    def difference_percent(self) -> float | None:
        """How much B is over A; None if either isn't known, or if A is 0 and B is not."""
        if self.a is None or self.b is None:
            return None
        if self.a == self.b:
            return 0.0
        return round((self.b / self.a - 1) * 100, 2) if self.a else None

    @property
    def judged(self) -> int:
        """1: B is better, -1: worse, 0: neither, or too little to say."""
        if self.a is None or self.b is None or self.a == self.b:
            return 0
        percent = self.difference_percent
        if percent is not None and abs(percent) < WORSE_FROM:
            return 0
        return self.more_is if self.b > self.a else -self.more_is

    @property
    def title(self) -> str:
        name = NAMES.get(self.phase or 0, "")
        return self.name if self.phase is None else f"phase {self.phase} {name} {self.name}"

    def shown(self) -> tuple[str, str, str, str]:
        """Its cells: name, A, B, the difference."""
        return (self.title, self._text(self.a), self._text(self.b), self._difference())

    def as_dict(self) -> dict[str, Any]:
        return {
            "phase": self.phase,
            "name": self.name,
            "a": self.a,
            "b": self.b,
            "difference_percent": self.difference_percent,
        }

    def _text(self, value: float | None) -> str:
        return page.UNKNOWN if value is None else page.shown(value, self.form)

    def _difference(self) -> str:
        percent = self.difference_percent
        if percent is None:
            return page.UNKNOWN if self.a is None or self.b is None else "from 0"
        return f"{percent:+,.1f}%" if percent else "="


def rows(a: Document, b: Document) -> list[Row]:
    """All that is compared: the whole demo, then phase by phase."""
    whole = [_row(None, line, _with_time(a), _with_time(b)) for line in WHOLE]
    numbers = range(max(len(a["phases"]), len(b["phases"])))
    phases = [
        _row(number + 1, line, page.at(a, f"phases.{number}"), page.at(b, f"phases.{number}"))
        for number in numbers
        for line in PHASE
    ]
    return [*whole, *phases]


def as_json(a: Document, b: Document) -> dict[str, Any]:
    """The comparison as a program may want it."""
    found = [row.as_dict() for row in rows(a, b)]
    return {"a": a["demo_id"], "b": b["demo_id"], "rows": found}


def html(a: Report, b: Report) -> str:
    """A page with the table and both curves; self-contained as a report is."""
    stories = [
        story(each.seconds, bands(each.document["phases"], each.seconds.begin), title)
        for each, title in zip((a, b), titles(a, b), strict=True)
    ]
    return page.comparison(
        titles(a, b), rows(a.document, b.document), overlaid(stories[0], stories[1])
    )


def titles(a: Report, b: Report) -> Sequence[str]:
    """What each is called."""
    return [f"A  {a.title}", f"B  {b.title}"]


def _row(
    phase: int | None, line: tuple[str, str, str, int], a: Document | None, b: Document | None
) -> Row:
    name, path, form, more_is = line
    found = [None if each is None else page.at(each, path) for each in (a, b)]
    return Row(phase, name, form, found[0], found[1], more_is)


def _with_time(document: Document) -> Mapping[str, Any]:
    return {**document, "lasted": lasted(document)}
