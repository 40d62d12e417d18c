"""What docs/comparison.md says of this project is shown by tests and commands that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/comparison.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("|") and not line.startswith("|---")
]
NAMED = [name for row in ROWS[1:] for name in re.findall(r"`([^`]+)`", row[-1])]


def exists(name: str) -> bool:
    """Whether a test file, a test in it, or a make target is there."""
    if name.startswith("make "):
        target = name.split()[1]
        return re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE) is not None
    path, _, test = name.partition("::")
    if not (path.startswith("tests/") and (ROOT / path).is_file()):
        return False
    return not test or f"\ndef {test}(" in (ROOT / path).read_text()


def test_every_line_names_what_shows_it_and_all_of_that_exists() -> None:
    assert len(ROWS) > 10
    assert all(re.search(r"`[^`]+`", row[-1]) for row in ROWS[1:])
    assert [name for name in NAMED if not exists(name)] == []


def test_what_does_not_exist_would_be_found() -> None:
    assert not exists("make nothing-of-the-kind")
    assert not exists("tests/unit/test_nothing.py")
    assert not exists("tests/unit/test_comparison.py::test_that_is_not_there")
    assert exists("tests/unit/test_comparison.py::test_what_does_not_exist_would_be_found")


def test_every_row_says_something_of_every_tool() -> None:
    words = {"yes", "no", "part", "better", "–"}
    assert {len(row) for row in ROWS} == {len(ROWS[0])}
    assert {cell.partition(" ")[0] for row in ROWS[1:] for cell in row[1:-1]} <= words


def test_every_note_is_there_and_used() -> None:
    table, notes = TEXT.split("## Notes and sources")
    there = re.findall(r"^(\d+)\. ", notes, re.MULTILINE)
    assert {*re.findall(r"\[(\d+)\]", table)} == {*there}
    assert there == [str(number) for number in range(1, len(there) + 1)]
