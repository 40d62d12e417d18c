"""What is said of a plan becomes POST's body, or an error with its place."""

from pathlib import Path

import pytest

from client.plans import QUICK, BadPlan, read_phases, read_plan


def test_a_plan_is_named_or_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text('{"name": "a", "phases": [null, null, null, null]}')
    assert read_plan("quick") == QUICK
    assert read_plan("full") == {}
    assert read_plan(str(path)) == {"name": "a", "phases": [None] * 4}


def test_an_error_in_a_file_is_told_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text('{"phases": [\n  {"target_tps": 1,},\n]}')
    with pytest.raises(BadPlan, match=r"plan\.json, line 2, column 20: no JSON \(.+\)"):
        read_plan(str(path))


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"[]", "no JSON object"), (b"\xff", "can't be read"), (b"", "line 1, column 1")],
)
def test_a_file_that_holds_no_plan_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(BadPlan, match=says):
        read_plan(str(path))


def test_a_file_that_is_not_there_is_told_with_what_could_be_given() -> None:
    with pytest.raises(BadPlan, match=r"nowhere can't be read \(No such file.+give quick, full"):
        read_plan("nowhere")


def test_phases_are_target_seconds_and_perhaps_tasks() -> None:
    assert read_phases("100:60,20000:120:30,-,0.5:1") == [
        {"target_tps": 100, "duration_seconds": 60},
        {"target_tps": 20_000, "duration_seconds": 120, "task_count": 30},
        None,
        {"target_tps": 0.5, "duration_seconds": 1},
    ]


@pytest.mark.parametrize(
    "text", ["", "100", "100:60:1:1", "x:1", "1:1.5", "1:2,", "1:x", "nan:1", "inf:1"]
)
def test_a_phase_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(BadPlan, match=r"can't be read: give TPS:SECONDS"):
        read_phases(text)
