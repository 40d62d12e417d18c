"""`kinesis-demo simulate` at the command line: no API, no credentials, an answer or an error."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from client.__main__ import USAGE, main


def simulate(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["kinesis-demo", "simulate", *options])
    for name in ("KINESIS_DEMO_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    return main()


QUICK = ("--plan", "quick", "--time-scale", "180", "--task-start", "0.5")


def test_a_plan_is_told_in_forty_lines_with_its_sums_and_cost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(monkeypatch, *QUICK) == 0
    told = capsys.readouterr().out.splitlines()
    assert "model" in told[0]
    assert told[2].split()[:3] == ["second", "phase", "target/s"]
    assert sum(line[:8].strip().isdigit() for line in told) <= 40 + 4
    assert any("of warm throughput nothing is throttled" in line for line in told)
    assert any(line.startswith("estimated cost:") for line in told)


def test_every_second_has_a_line_if_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(monkeypatch, "--shape", "spike", "--seconds", "60", "--every", "1") == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line[:6].strip().isdigit()]
    assert len(rows) >= 60


def test_in_json_it_is_one_document_and_the_same_each_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for _ in range(2):
        assert simulate(monkeypatch, *QUICK, "--output", "json") == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]
    assert len(answers[0]["seconds"]) >= 50


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_it_is_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, suffix: str) -> None:
    to = tmp_path / f"story.{suffix}"
    assert simulate(monkeypatch, *QUICK, "--plot", str(to)) == 0
    head = {"svg": b"<?xml", "png": b"\x89PNG"}[suffix]
    assert to.read_bytes().startswith(head)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--csv", "nowhere.csv"), "--csv nowhere.csv can't be read"),
        (("--replay", "nowhere.json"), "--replay nowhere.json"),
        (("--phases", "1:1,2:2"), "phases"),
        (("--keys", "none"), "--keys is 'none'"),
        (("--plan", "quick", "--plot", "story.gif"), "--plot story.gif: give a file that ends in"),
        (("--shape", "sine", "--low", "-1"), "--low is -1"),
        (("--every", "0"), "--every is 0"),
    ],
)
def test_what_can_not_be_simulated_is_an_error_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    says: str,
) -> None:
    assert simulate(monkeypatch, *options) == USAGE
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.out == ""
