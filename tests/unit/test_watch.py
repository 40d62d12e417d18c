"""What a person sees while a demo runs."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

from local.console import Console
from local.watch import phase_line, progress_line


def demo(**more: Any) -> dict[str, Any]:
    phase = {
        "phase_number": 3,
        "target_tps": 5000,
        "task_count": 4,
        "started_at": "2026-11-25T08:00:00Z",
        "ends_at": "2026-11-25T08:00:10Z",
        "achieved_tps": 4999.6,
    }
    return {
        "status": "RUNNING",
        "currentPhase": 3,
        "current_tps": 5001.2,
        "phases": [phase],
        "tasks": {"desired": 4, "running": 3},
        "records": {"delivered": 1234, "throttled": 56789},
        "stream": {"name": "s", "open_shards": 4},
        **more,
    }


NOW = datetime(2026, 11, 25, 8, 0, 4, tzinfo=UTC)


def test_progress_shows_target_rate_tasks_throttles_and_time_left() -> None:
    line = progress_line(demo(), NOW)
    assert line == (
        "phase 3 peak       5,000/s  now   5,001/s  tasks 3/4  throttled 56,789  6 s left"
    )


def test_before_the_first_phase_there_is_only_the_status() -> None:
    assert progress_line(demo(currentPhase=None), NOW) == "running, 1,234 records delivered"


def test_a_rate_that_is_not_known_yet_is_no_zero() -> None:
    assert "–" in progress_line(demo(current_tps=None), NOW)


def test_a_phase_that_is_over_is_one_line() -> None:
    line = phase_line(demo()["phases"][0], demo())
    assert line == "phase 3 peak       5,000/s  achieved   5,000/s  by 4 tasks  4 open shards"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_progress_is_redrawn_in_place() -> None:
    out = Terminal()
    console = Console(out)
    console.progress("one")
    console.progress("two")
    console.say("done")
    assert out.getvalue() == "one\r\x1b[2Ktwo\r\x1b[2Kdone\n"
    assert console.good("x") == "\x1b[32mx\x1b[0m"


def test_elsewhere_progress_is_a_plain_line_now_and_then_without_colour() -> None:
    out = StringIO()
    console = Console(out)
    for number in range(100):
        console.progress(f"{number}")
    assert out.getvalue() == "0\n"
    assert console.bad("x") == "x"
