"""Structured logging: one JSON line an event, on standard error; the ledger has standard output."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime


def event(name: str, **fields: object) -> None:
    """Log one event with its fields."""
    line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": name, **fields}
    sys.stderr.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    sys.stderr.flush()
