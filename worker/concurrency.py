"""How many requests to keep in flight, from how long an answer takes when the service is at ease.

A pace of r records/s in requests of 500 needs r · latency / 500 requests under way at any moment
(Little's law). The latency that counts is the lowest of the last minute: it is the service's own.
A higher one means that requests queue there, and more of them would only queue longer. Eight times
the need leaves room for retries when most records are refused. Pure.
"""

from __future__ import annotations

import math
from collections import deque

from worker.limits import MAX_RECORDS_PER_REQUEST
from worker.pacer import NS

FEWEST = 2
MOST = 64
HEADROOM = 8.0
WINDOW_NS = 60 * NS
_SLOT_NS = 5 * NS


class Concurrency:
    """Keeps the lowest latency of the last minute and says what follows from it."""

    def __init__(self, records_per_second: float) -> None:
        self._pace = records_per_second
        self._lowest: deque[tuple[int, int]] = deque()
        """(when its five seconds began, lowest latency in them)"""

    def answered(self, latency_ns: int, now_ns: int) -> None:
        """Note that an answer took so long."""
        if self._lowest and now_ns - self._lowest[-1][0] < _SLOT_NS:
            began, lowest = self._lowest[-1]
            self._lowest[-1] = (began, min(lowest, latency_ns))
        else:
            self._lowest.append((now_ns, latency_ns))
        while now_ns - self._lowest[0][0] > WINDOW_NS:
            self._lowest.popleft()

    @property
    def limit(self) -> int:
        """Requests that may be in flight."""
        if not self._lowest:
            return FEWEST
        latency_s = min(lowest for _, lowest in self._lowest) / NS
        needed = HEADROOM * self._pace * latency_s / MAX_RECORDS_PER_REQUEST
        return max(FEWEST, min(MOST, math.ceil(needed) + 1))
