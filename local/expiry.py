"""Has MiniStack look for old metrics once a minute instead of at every request.

Every CloudWatch call looks at all data points there are. With a million of them that is a tenth of
a second a request, and nothing else is answered meanwhile. They are kept for two weeks: a minute
more changes nothing.

This is a name inside the pinned version of MiniStack; another one that lacks it is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ministack.services import cloudwatch

EVERY_SECONDS = 60.0


def look_seldom(look: Callable[[], None]) -> None:
    """Replace MiniStack's look by this one, seldom; AttributeError if there is none of its name."""
    del cloudwatch._evict_old_metrics
    cloudwatch._evict_old_metrics = Seldom(look, EVERY_SECONDS, time.monotonic)


class Seldom:
    """A function that is carried out once in `seconds`."""

    def __init__(
        self, look: Callable[[], None], seconds: float, clock: Callable[[], float]
    ) -> None:
        self._look = look
        self._seconds = seconds
        self._clock = clock
        self._next = 0.0

    def __call__(self) -> None:
        now = self._clock()
        if now >= self._next:
            self._next = now + self._seconds
            self._look()
