"""Speaks to the person in front of the terminal: one line that moves while something goes on.

On a terminal the line is redrawn in place; elsewhere (a pipe, CI) it becomes a plain line every two
seconds, so that a log stays readable. Colours are for terminals only.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

PLAIN_EVERY_SECONDS = 2.0


class Console:
    """Prints steps, progress and results."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Without `out`, to standard output."""
        self._out = out or sys.stdout
        self._live = self._out.isatty()
        self._last_plain = 0.0
        self._drawn = False

    def say(self, text: str = "") -> None:
        """Print a lasting line."""
        self.clear()
        self._out.write(text + "\n")
        self._out.flush()

    def progress(self, text: str) -> None:
        """Show what is going on right now."""
        if self._live:
            self.clear()
            # A line that wraps couldn't be redrawn.
            self._out.write(text.partition("\n")[0][: shutil.get_terminal_size().columns - 1])
            self._drawn = True
        elif time.monotonic() - self._last_plain >= PLAIN_EVERY_SECONDS:
            self._last_plain = time.monotonic()
            self._out.write(text + "\n")
        self._out.flush()

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Say what is being done, and how long it took when it is done."""
        started = time.monotonic()
        if self._live:
            self.progress(f"{doing} …")
        yield
        self.say(f"{doing:<44} {time.monotonic() - started:6.1f} s")

    def good(self, text: str) -> str:
        return self._colour("32", text)

    def bad(self, text: str) -> str:
        return self._colour("31", text)

    def _colour(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._live else text

    def clear(self) -> None:
        """Take the moving line away, if there is one."""
        if self._drawn:
            self._out.write("\r\x1b[2K")
            self._drawn = False
