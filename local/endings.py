"""Ends a process that this one started: asked to first, made to when its time is over."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def end(
    process: subprocess.Popen[Any],
    seconds: float,
    send: Callable[[signal.Signals], object] | None = None,
) -> None:
    """SIGTERM, and SIGKILL after `seconds`, or when a second Ctrl-C cuts the wait for it short.

    Harmless if it has ended. `send` is who is signalled, if that is more than the process itself.
    """
    send = send or process.send_signal
    send(signal.SIGTERM)
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    finally:
        if process.returncode is None:
            send(signal.SIGKILL)
            process.wait()
