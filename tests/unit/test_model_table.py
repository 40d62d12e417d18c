"""docs/model.md names a test for each thing that AWS publishes; here they are looked up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/model.md").read_text()
COLUMNS = 5


def published() -> list[list[str]]:
    """The rows of the first table, cell by cell."""
    section = DOCUMENT.partition("## What AWS publishes")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def known_tests() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        found |= set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))
    return found


@pytest.mark.parametrize("row", published(), ids=lambda row: row[0])
def test_a_row_has_a_source_and_tests_that_are_there(row: list[str]) -> None:
    assert len(row) == COLUMNS
    assert row[3]
    named = re.findall(r"`(test_\w+)`", row[4])
    assert named
    assert not set(named) - known_tests()


def test_the_table_is_found() -> None:
    assert len(published()) >= 10
