"""Prints the rows of a run of the fault suite as a Markdown table, with their totals.

python -m tests.chaos.table FILE
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.chaos.record import RUN, Row, read

_COUNTS = ("times", "records", "delivered", "failed", "lost", "duplicates", "unaccounted")
_HEAD = ("fault", "where", *_COUNTS, "shown by")


def table(rows: Sequence[Row]) -> str:
    """The rows in order, and a last one with the number of scenarios and the sums.

    Of a test's command only its name is shown: they are all run alike (record.py, RUN).
    """
    total = [sum(getattr(row, name) for row in rows) for name in _COUNTS]
    lines = [
        _line(_HEAD),
        _line(["---", "---", *["---:"] * len(_COUNTS), "---"]),
        *(_line(_cells(row)) for row in rows),
        _line([f"**{len(rows)} scenarios**", "", *(f"**{n:,}**" for n in total), ""]),
    ]
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    counts = [f"{getattr(row, name):,}" for name in _COUNTS]
    test = row.command.removeprefix(RUN).strip(" '")
    return [row.fault, row.where, *counts, f"`{test}`"]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    print(table(read(Path(sys.argv[1]))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
