"""What the server has to serve: a fixed set of files, read once, each under one exact path.

No path of a request ever becomes a path on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
UPLOT = "vendor/uplot"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


@dataclass(frozen=True)
class File:
    """A file's content, and its type as HTTP names it."""

    content_type: str
    content: bytes


def files() -> Mapping[str, File]:
    """All of them, by the path that asks for them."""
    page = {f"/{path.name}": path for path in (HERE / "page").iterdir() if path.suffix in _TYPES}
    charts = {f"/uplot/{path.name}": path for path in (HERE / UPLOT).iterdir()}
    found = {
        at: File(_TYPES[path.suffix], path.read_bytes())
        for at, path in {**page, **charts}.items()
        if path.suffix in _TYPES
    }
    return {**found, "/": found["/index.html"]}
