"""Notes a signal to stop, from the very start of the process.

A container's first process gets no default action: a SIGTERM that comes before there is a handler
is dropped, and the task would send on until ECS kills it. So this is set up before anything that
takes time is imported. A handler does no more than note; a pipe wakes whoever sleeps.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""Blocked while a producer is forked, until it has its own handlers."""


class Stop:
    """Whether, and by which signal, this process was told to stop."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.wakeups, self._alarm = os.pipe()
        os.set_blocking(self._alarm, False)

    def listen(self) -> None:
        """Take over the stop signals."""
        signal.set_wakeup_fd(self._alarm, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._note)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.signal = signal.Signals(number)
