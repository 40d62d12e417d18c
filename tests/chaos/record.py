"""What a fault did, as a row of the table in docs/reliability.md.

Every test of the suite that injects a fault appends a row to the file that CHAOS_RECORD names, if
it is set (`make chaos` sets it): one JSON line. `python -m tests.chaos.table` makes the table.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "CHAOS_RECORD"
RUN = ".venv/bin/python -m pytest -m 'long or not long'"
"""What runs a test of the suite, with its name."""


@dataclass(frozen=True)
class Row:
    """One scenario's outcome. Counts of user records, except `times`."""

    fault: str
    where: str
    """Between whom, or in which process."""
    times: int
    """How often the fault really happened, by whoever injected it."""
    records: int
    """Generated, by the ledgers."""
    delivered: int
    """Acknowledged, by the ledgers."""
    failed: int
    """Given up with a cause, by the ledgers."""
    lost: int
    """Generated and not in the stream, by the read-back; those that failed are mostly such."""
    duplicates: int
    """Second copies in the stream, by the read-back."""
    command: str
    """What shows it again."""

    @property
    def unaccounted(self) -> int:
        """What the ledgers say nothing of."""
        return self.records - self.delivered - self.failed


def append(row: Row) -> None:
    """Write the row down, if it is asked for."""
    file = os.environ.get(VARIABLE)
    if file:
        with Path(file).open("a") as rows:
            rows.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def read(file: Path) -> list[Row]:
    """The rows of a file, in the order in which they were written."""
    return [Row(**json.loads(line)) for line in file.read_text().splitlines()]


def told(count: int | None) -> int:
    """A count of the proof's, which can tell: nothing had left the stream before it was read."""
    assert count is not None
    return count


def command_of_this_test() -> str:
    """How the test that runs just now is run alone."""
    node = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
    return f"{RUN} '{node}'"
