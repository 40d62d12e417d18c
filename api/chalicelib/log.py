"""One line of JSON an event, on stderr, where both AWS Lambda and the embedded stack collect it."""

from __future__ import annotations

import json
import sys
from enum import StrEnum

from chalicelib.unsaid import without_proofs


class Level(StrEnum):
    """How much a line matters."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def line(level: Level, event: str, **fields: object) -> None:
    """Writes the event with its fields; a value that JSON has no word for is written as text."""
    record = {"level": str(level), "event": event, **fields}
    sys.stderr.write(without_proofs(json.dumps(record, default=str)) + "\n")
