"""The fault suite's record: written line by line, read back, and added up."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.record import RUN, VARIABLE, Row, append, command_of_this_test, read
from tests.chaos.table import table

RESET = Row("reset | at once", "worker and Kinesis", 12, 1500, 1400, 100, 100, 3, "pytest a")
KILL = Row("kill -9", "a producer", 2, 1000, 990, 9, 5, 0, "pytest b")


def test_rows_are_read_back_as_they_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows"
    monkeypatch.setenv(VARIABLE, str(file))
    append(RESET)
    append(KILL)
    assert read(file) == [RESET, KILL]


def test_nothing_is_written_unless_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    append(RESET)
    assert list(tmp_path.iterdir()) == []


def test_what_no_ledger_tells_of_is_unaccounted() -> None:
    assert (RESET.unaccounted, KILL.unaccounted) == (0, 1)


def test_the_table_ends_with_the_sums() -> None:
    lines = table([RESET, KILL]).splitlines()
    assert len(lines) == 5
    assert lines[2].startswith("| reset \\| at once | worker and Kinesis | 12 | 1,500 | 1,400 |")
    assert "| **2 scenarios** |  | **14** | **2,500** | **2,390** | **109** |" in lines[4]
    assert "| **105** | **3** | **1** |" in lines[4]


def test_of_a_command_that_runs_a_test_the_table_shows_the_tests_name() -> None:
    row = replace(KILL, command=f"{RUN} 'tests/a.py::test_b[c d]'")
    assert table([row]).splitlines()[2].endswith("| `tests/a.py::test_b[c d]` |")


def test_the_command_is_this_tests_own() -> None:
    assert "test_chaos_table.py::test_the_command_is_this_tests_own'" in command_of_this_test()
