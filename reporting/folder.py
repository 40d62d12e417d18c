"""Writes a report's folder, and reads it again.

summary.json   the document
timeseries.csv its seconds
picture.svg    the story in one picture
report.md      for a pull request or a wiki, with the picture beside it
report.html    all of it in one file
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting import page, seconds
from reporting.document import Document, plan_of, with_seconds
from reporting.libraries import libraries
from reporting.picture import draw
from reporting.seconds import BadTimeSeries, Seconds, bands, story

SUMMARY, TIMESERIES, PICTURE = "summary.json", "timeseries.csv", "picture.svg"
MARKDOWN, PAGE = "report.md", "report.html"


class NoReport(Exception):
    """What was given is no report; the message says where, what and what to try."""


@dataclass(frozen=True)
class Report:
    """A document and its seconds, as they were written or are to be."""

    document: Document
    seconds: Seconds

    @property
    def title(self) -> str:
        return f"{self.document['demo_id']}: {plan_of(self.document)}"


def write(folder: Path, document: Document, rows: Seconds, note: str = "") -> Path:
    """Write the folder; return report.html's path. `note` goes under the picture.

    Raises LibraryMissing before anything is written, and OSError.
    """
    for name, text in _texts(Report(with_seconds(document, rows), rows), note).items():
        _write(folder / name, text)
    return folder / PAGE


def write_page(path: Path, html: Callable[[], str]) -> None:
    """Write a page that has to be drawn. Raises LibraryMissing before it is, and OSError."""
    with _libraries():
        text = html()
    _write(path, text)


def read(path: Path) -> Report:
    """The report in a folder, or of a summary.json. Raises NoReport.

    Without a timeseries.csv beside it, as demos of long ago have none, nothing is known by second.
    """
    file = path / SUMMARY if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoReport(f"{file} can't be read: {error}; {_TRY}") from error
    if not isinstance(document, dict) or not {"demo_id", "phases"} <= document.keys():
        raise NoReport(f"{file} is no demo's summary: demo_id or phases is missing; {_TRY}")
    return Report(document, _seconds(file.parent / TIMESERIES, document))


def _texts(report: Report, note: str) -> dict[str, str]:
    document, rows = report.document, report.seconds
    phases = bands(document["phases"], rows.begin)
    csv = seconds.to_csv(rows, phases)
    with _libraries():
        picture = draw(story(rows, phases, report.title, note))
        return {
            SUMMARY: json.dumps(document, indent=2) + "\n",
            TIMESERIES: csv,
            PICTURE: picture.decode(),
            MARKDOWN: page.markdown(document, PICTURE),
            PAGE: page.html(document, picture, csv),
        }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _libraries() -> AbstractContextManager[None]:
    return libraries("a report is made with", "matplotlib and jinja2")


_TRY = "give a demo's id, its report's folder, or its summary.json"


def _seconds(file: Path, document: dict[str, Any]) -> Seconds:
    kept = document.get("timeseries") or {"begin": 0, "period": 1}
    if not file.exists():
        return Seconds(kept["begin"], kept["period"], {})
    try:
        text = file.read_text(encoding="utf-8")
        return seconds.of_csv(text, kept["begin"], kept["period"])
    except (OSError, BadTimeSeries) as error:
        raise NoReport(f"{file} can't be read: {error}") from error
