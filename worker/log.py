"""Structured logging: one JSON line an event, on standard error; the ledger has standard output.

A line that can't be written, since the disk behind is full or the reader gone, is dropped: there is
nowhere left to say so, and what it tells of must not end for it.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime

from worker.unsaid import without_proofs


def event(name: str, **fields: object) -> None:
    """Log one event with its fields."""
    line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": name, **fields}
    say(json.dumps(line, ensure_ascii=False, default=str))


def say(line: str) -> None:
    """Write a line, without what proves to AWS whose task this is."""
    with suppress(OSError):
        sys.stderr.write(without_proofs(line) + "\n")
        sys.stderr.flush()
