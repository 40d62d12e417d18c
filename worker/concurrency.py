"""How many requests to keep in flight, from how long an answer takes when the service is at ease.

A pace of r records/s in requests of 500 needs r · latency / 500 requests under way at any moment
(Little's law). The latency that counts is the lowest of the last minute: it is the service's own.
A higher one means that requests queue there, and more of them would only queue longer. Twice the
need leaves room for catching up. When a share s of all records is refused, each is sent 1/(1 - s)
times, and the pace counts for so many. Pure.
"""

from __future__ import annotations

import math
from collections import deque

from worker.limits import MAX_RECORDS_PER_REQUEST
from worker.pacer import NS

FEWEST = 2
MOST = 64
HEADROOM = 2.0
WINDOW_NS = 60 * NS
_SLOT_NS = 5 * NS
MOST_TRIES = 20.0
"""A stream that refuses nearly all is not sent to more often than this for it."""
_MEMORY = 0.95
"""How much of the refused share so far an answer leaves as it was."""


class Concurrency:
    """Keeps the lowest latency of the last minute and says what follows from it."""

    def __init__(self, records_per_second: float) -> None:
        self._pace = records_per_second
        self._refused_share = 0.0
        self._lowest: deque[tuple[int, int]] = deque()
        """(when its five seconds began, lowest latency in them)"""

    def answered(self, latency_ns: int, now_ns: int, refused_share: float = 0.0) -> None:
        """Note that an answer took so long, and refused this share of its records."""
        self._refused_share += (1 - _MEMORY) * (refused_share - self._refused_share)
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
        tries = min(MOST_TRIES, 1 / max(1e-9, 1 - self._refused_share))
        needed = HEADROOM * tries * self._pace * latency_s / MAX_RECORDS_PER_REQUEST
        return max(FEWEST, min(MOST, math.ceil(needed) + 1))
