"""A template file is read for the API, or it is said which file is wrong, where, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from client import records
from client.plans import BadPlan
from local import report
from local.records import checked_record
from worker.template import parser

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/sensor.template.json"


def test_the_documented_example_is_a_template() -> None:
    assert checked_record(str(EXAMPLE)) == EXAMPLE.read_text()


def test_a_file_of_another_system_reads_alike(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes("\ufeff{\r\n}".encode())
    assert records.read_record(str(path)) == "{\n}"


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "No such file"), (b"\xff", "utf-8"), (b" " * 8_193, "8,193 bytes: at most 8,192")],
)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "r.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadPlan, match=says) as caught:
        records.read_record(str(path))
    assert str(path) in str(caught.value)


def test_each_mistake_in_a_file_is_a_line_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"template": {"a": {{uid}},\n "b": {{now 1}}}}')
    with pytest.raises(BadPlan) as caught:
        checked_record(str(path))
    assert str(caught.value).splitlines() == [
        f"{path}, line 1, column 20: there is no function 'uid': did you mean uuid?",
        f"{path}, line 2, column 7: now takes nothing: write {{{{now}}}}",
    ]


def test_the_limit_is_the_parsers() -> None:
    assert records.MOST_BYTES == parser.MOST_TEMPLATE_BYTES


def test_a_report_tells_how_to_send_the_same_records_again() -> None:
    model = {"ON_DEMAND_MODEL": "off", "TIME_SCALE": "1"}
    run = report.Run("quick", {"record": '{"template": {}}'}, "off", model, "my r.json")
    phase = {"target_tps": 5, "duration_seconds": 9, "task_count": 1}
    commands = report._commands({"phases": [phase]}, run)
    assert commands[0] == "make demo PLAN=quick AGGREGATION=off MODEL=off RECORD='my r.json'"
    assert commands[1] == '# my r.json holds: "{\\"template\\": {}}"'
    assert commands[-1].endswith(" --record 'my r.json'")
