"""Writes and compares reports of demos that an API knows.

What only the embedded stack's owner can know (what is in the stream, the workers' ledgers) is not
in them, and they say so. They need matplotlib and jinja2, which nothing else of the client does.
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore

from client.api import DemoApi
from client.arguments import DEMO_ID
from client.seconds import seconds_of
from client.tables import aligned
from reporting import comparison, folder
from reporting.document import of_answer, phases_option, with_seconds
from reporting.folder import NoReport, Report
from reporting.seconds import Seconds

REPORTS = Path("reports")


def write(api: DemoApi, demo: Mapping[str, Any], to: Path | None) -> list[str]:
    """Write a demo's report; the lines that tell so. `demo` is GET's answer.

    Raises ApiError, LibraryMissing, OSError.
    """
    document, seconds = _told(api, demo)
    path = folder.write(to or REPORTS / demo["demoId"], document, seconds, _note(api))
    return [f"report: {path}"]


def found(api: DemoApi, name: str) -> Report:
    """The report of a path if there is such a one, else of the API's demo of that id.

    Raises NoReport, ApiError.
    """
    if Path(name).exists():
        return folder.read(Path(name))
    if not DEMO_ID.fullmatch(name):
        raise NoReport(
            f"there is no {name}: give a demo's id, its report's folder, or its summary.json"
        )
    document, seconds = _told(api, api.get(name))
    return Report(document, seconds)


def compared(a: Report, b: Report, paint: Mapping[int, Callable[[str], str]]) -> list[str]:
    """The comparison as lines; `paint` colours a difference by how it is judged: 1, 0, -1."""
    rows = comparison.rows(a.document, b.document)
    cells = [("", "A", "B", "difference"), *(row.shown() for row in rows)]
    head, *lines = aligned(cells, left=(0,))
    painted = [
        line.removesuffix(cell[-1]) + paint[row.judged](cell[-1])
        for line, cell, row in zip(lines, cells[1:], rows, strict=True)
    ]
    return [*comparison.titles(a, b), head, *painted]


def write_comparison(a: Report, b: Report, to: Path) -> None:
    """Write the page with both curves. Raises LibraryMissing, OSError."""
    folder.write_page(to, lambda: comparison.html(a, b))


def _told(api: DemoApi, demo: Mapping[str, Any]) -> tuple[dict[str, Any], Seconds]:
    seconds, notes = seconds_of(api, demo)
    document = of_answer(demo)
    more = {
        "complaints": [],
        "notes": notes,
        "environment": _environment(api, demo),
        "reproduce": _commands(demo, document),
    }
    return with_seconds({**document, **more}, seconds), seconds


def _environment(api: DemoApi, demo: Mapping[str, Any]) -> dict[str, Any]:
    host = urlsplit(api.base_url).hostname or ""
    return {
        "API": host,
        "stream_model": api.stream_model or None,
        "region": str(demo.get("executionArn", ":::–")).split(":")[3],
        "report written by python": platform.python_version(),
        "versions": {"botocore": botocore.__version__},
    }


def _note(api: DemoApi) -> str:
    return f"streams: {api.stream_model}" if api.stream_model else ""


def _commands(demo: Mapping[str, Any], document: Mapping[str, Any]) -> Sequence[str]:
    words = ["./kinesis-demo start --phases", phases_option(document)]
    if demo["stream"].get("mode"):
        words += ["--stream", demo["stream"]["mode"]]
    if demo.get("warm_throughput_mibps"):
        words += ["--warm-throughput", str(demo["warm_throughput_mibps"])]
    for judged in document["thresholds"]:
        words += ["--threshold", shlex.quote(judged["threshold"])]
    if not demo.get("record"):
        return [" ".join([*words, "--watch"])]
    told = "# TEMPLATE is the file with its record's template, which the API doesn't tell"
    return [" ".join([*words, "--record", "TEMPLATE", "--watch"]), told]
