"""A demo on a terminal: the curve and the table, and who gets to see them."""

import os
import re
import shutil
import time
from datetime import UTC, datetime
from io import StringIO
from typing import Any, cast

import pytest

from client import watch
from client.api import ApiError, DemoApi
from client.board import board, sparkline
from client.console import Console
from client.series import Series
from tests.unit.test_client_commands import ENDED, Api
from tests.unit.test_client_console import Terminal
from tests.unit.test_client_series import answer
from tests.unit.test_client_show import NOW, demo, phase

BEGAN = datetime(2026, 11, 25, 7, 58, tzinfo=UTC)


def running(**more: Any) -> dict[str, Any]:
    first = phase(
        1, started_at="2026-11-25T07:58:00Z", ends_at="2026-11-25T07:58:02Z", achieved_tps=99.5
    )
    second = phase(2, started_at="2026-11-25T07:58:02Z", ends_at="2026-11-25T08:00:10Z")
    return demo(phases=[first, second, phase(3), phase(4)], **more)


def counted() -> Series:
    series = Series()
    begin = int(BEGAN.timestamp())
    series.add(answer(begin, 0, 50, 100, latency_p99_ms=[10, 20, 700]))
    return series


@pytest.mark.parametrize(
    ("column", "width", "bars"),
    [
        ([], 10, ""),
        ([0, 0], 10, "▁▁"),
        ([1, 2, 3, 4, 5, 6, 7, 8], 10, "▂▃▄▅▆▇██"),
        ([8, None, 8], 10, "█ █"),
        ([8, 8, 4, 4, 0, 0], 3, "█▅▁"),
        ([None, 4, 8, 8], 2, "▅█"),
        ([1], 0, "█"),
    ],
)
def test_a_curve_is_bars_from_nothing_to_its_highest(
    column: list[float | None], width: int, bars: str
) -> None:
    assert sparkline(column, width) == bars


def test_the_board_has_the_curve_and_a_row_for_each_phase() -> None:
    lines = board(running(), counted(), NOW, 80)
    assert lines[0] == "demo friday RUNNING"
    assert lines[2] == "achieved  ▁▅█"
    rows = {re.split(r"\s+", line[2:])[0]: line.split() for line in lines[5:]}
    assert rows["1"] == ["1", "baseline", "100", "99.5", "1", "56,789", "20"]
    assert rows["2"][:3] == ["▸", "2", "spike"]
    assert rows["2"][-3:] == ["9/10", "56,789", "700"]
    assert rows["4"][-1] == "–"


def follow(api: Api, out: StringIO) -> str:
    watch.watch(cast(DemoApi, api), "friday", Console(out), lambda _: None)
    return out.getvalue()


@pytest.fixture(autouse=True)
def on_a_usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((80, 24)))
    monkeypatch.setattr(time, "sleep", lambda _: None)


def test_on_a_terminal_the_board_is_drawn_over_itself_at_each_look() -> None:
    begin = int(BEGAN.timestamp())
    ended = running(status="SUCCEEDED", **ENDED)
    api = Api(running(), answer(begin, 5), ended, answer(begin + 1, 10))
    drawn = follow(api, Terminal())
    assert api.asked == [
        ("get", "friday"),
        ("metrics", "friday"),
        ("get", "friday"),
        ("metrics", "friday", begin + 1, 1),
    ]
    boards = drawn.split("\r\x1b[2K" + "\x1b[1A\x1b[2K" * 8)
    assert [text.splitlines()[0] for text in boards] == [
        "demo friday RUNNING",
        "demo friday SUCCEEDED",
    ]
    assert "achieved  ▅█" in boards[1]


def test_an_api_that_has_no_numbers_by_the_second_is_watched_without_them() -> None:
    api = Api(running(status="SUCCEEDED", **ENDED), ApiError(403, "no such route"))
    drawn = follow(api, Terminal())
    assert "no numbers by the second just now: HTTP 403: no such route" in drawn
    assert "1 baseline" in drawn


def test_a_board_never_scrolls_or_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((11, 3)))
    out = Terminal()
    Console(out).board(["0123456789abc", "second", "third"])
    assert out.getvalue() == "0123456789\nsecond"


def test_elsewhere_there_is_a_line_for_each_phase_and_no_number_is_asked_for_by_the_second() -> (
    None
):
    api = Api(running(), running(status="SUCCEEDED", **ENDED))
    said = follow(api, StringIO())
    assert [asked[0] for asked in api.asked] == ["get", "get"]
    assert [line[:7] for line in said.splitlines() if "achieved" in line] == ["phase 1", "phase 2"]
