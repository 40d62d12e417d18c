"""What a person sees on a terminal, and what a log gets."""

import os
import shutil
from io import StringIO

import pytest

from client.console import Console


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


def test_a_line_that_moves_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((11, 24)))
    out = Terminal()
    Console(out).progress("0123456789abc\nmore")
    assert out.getvalue() == "0123456789"


def test_where_nobody_reads_it_is_said_once_and_the_rest_goes_nowhere() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        console = Console(out)
        with pytest.raises(BrokenPipeError):
            console.say("one")
        console.say("two")
        console.progress("three")
