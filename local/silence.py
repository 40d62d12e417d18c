"""Has MiniStack answer for a function that logs nothing without waiting for what it may log.

After each invocation it waits 50 ms for a first line on the function's standard error. The API logs
what it refuses only, so four of five milliseconds of a good answer were this wait. A line that
comes later isn't lost: it is read with the next invocation's.

This is a name inside the pinned version of MiniStack; another one that lacks it is refused.
"""

from __future__ import annotations

from functools import partialmethod

from ministack.core.lambda_runtime import Worker

FIRST_LINE_SECONDS = 0.002


def wait_briefly() -> None:
    """Shorten the wait; AttributeError, or TypeError, if MiniStack has none of that name."""
    drain = Worker._drain_stderr_bounded
    Worker._drain_stderr_bounded = partialmethod(drain, first_line_wait=FIRST_LINE_SECONDS)
