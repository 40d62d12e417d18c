"""Calls `sample` after every whole second of Unix time, and `publish` every so often.

Unix time may be put forward or back under a running worker. Then samples carry the new time from
the next second on, and nothing waits for the old one to come round again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST_SECONDS = 1.0


class Ticker:
    """Is asked how long to sleep, and told when that is over."""

    def __init__(
        self,
        interval: float,
        sample: Callable[[int], None],
        publish: Callable[[], None],
        *,
        clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """`interval`: seconds from one publication to the next, by `stopwatch`; `clock` tells Unix
        time.
        """
        self._interval = interval
        self._sample = sample
        self._publish = publish
        self._clock = clock
        self._stopwatch = stopwatch
        self._second = int(clock())
        self._published = stopwatch()

    def seconds_to_next(self) -> float:
        return min(LONGEST_SECONDS, max(0.0, self._second + 1 - self._clock()))

    def tick(self) -> None:
        second = int(self._clock())
        if second == self._second:
            return
        if second > self._second:
            self._sample(second - 1)
        self._second = second
        if self._stopwatch() - self._published >= self._interval - 0.5:
            self._published = self._stopwatch()
            self._publish()
