"""Speaks to the person in front of the terminal: a line or more that move while something goes on.

On a terminal they are redrawn in place; elsewhere (a pipe, CI) a line becomes a plain one every two
seconds, so that a log stays readable. Colours are for terminals only.

Where nobody reads any more (`| head`, or a `tee` that Ctrl-C ended, too) a BrokenPipeError says so
once, and ends what goes on; what is said after it goes nowhere, so that the end can be orderly.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

PLAIN_EVERY_SECONDS = 2.0


class Console:
    """Prints steps, progress and results."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Without `out`, to standard output."""
        self._out = out or sys.stdout
        self.live = self._out.isatty()
        """Whether this is a terminal, on which lines can be drawn again."""
        self._last_plain = 0.0
        self._drawn = 0

    def say(self, text: str = "") -> None:
        """Print a lasting line."""
        self.clear()
        self._write(text + "\n")

    def progress(self, text: str) -> None:
        """Show what is going on right now."""
        if self.live:
            self.board([text.partition("\n")[0]])
        elif time.monotonic() - self._last_plain >= PLAIN_EVERY_SECONDS:
            self._last_plain = time.monotonic()
            self._write(text + "\n")

    def board(self, lines: Sequence[str]) -> None:
        """Show lines that move together; on a terminal only."""
        columns, rows = shutil.get_terminal_size()
        # A line that wraps, or scrolls away, couldn't be redrawn.
        shown = [line[: columns - 1] for line in lines[: rows - 1]]
        self._write(self._erasing() + "\n".join(shown))
        self._drawn = len(shown)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Say what is being done, and how long it took when it is done."""
        started = time.monotonic()
        if self.live:
            self.progress(f"{doing} …")
        yield
        self.say(f"{doing:<44} {time.monotonic() - started:6.1f} s")

    def good(self, text: str) -> str:
        return self._colour("32", text)

    def bad(self, text: str) -> str:
        return self._colour("31", text)

    def _colour(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.live else text

    def clear(self) -> None:
        """Take the moving lines away, if there are any."""
        self._write(self._erasing())
        self._drawn = 0

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), self._out.fileno())
            raise

    def _erasing(self) -> str:
        return "\r\x1b[2K" + "\x1b[1A\x1b[2K" * (self._drawn - 1) if self._drawn else ""
