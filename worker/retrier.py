"""Decides what becomes of a refused record: again after a while, or given up with its cause.

Only the refused entries of a request come back, never the whole request. The wait is exponential
with full jitter (a random share of min(cap, base · 2ⁿ)), so that producers which were throttled
together don't return together. A record lives for a bounded time and the buffer holds a bounded
number, so memory stays flat in front of a stream that refuses everything. Order isn't promised: a
retried record arrives after its juniors. Pure: time and chance are passed in.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from worker.ledger import Cause
from worker.record import Record


@dataclass(frozen=True)
class RetryPolicy:
    """How long and how patiently to retry. The time-to-live is the KPL's RecordTtl default."""

    ttl_ns: int = 30_000_000_000
    base_ns: int = 100_000_000
    cap_ns: int = 5_000_000_000
    max_records: int = 100_000

    def longest_wait(self, attempt: int) -> int:
        """The upper end of the wait before try number `attempt` (from 1), nanoseconds."""
        return int(min(self.cap_ns, self.base_ns * 2 ** min(attempt - 1, 32)))


class Retrier:
    """The refused records that wait for another try."""

    def __init__(self, policy: RetryPolicy, chance: Callable[[], float]) -> None:
        """`chance` returns a random number in [0, 1), for the jitter."""
        self._policy = policy
        self._chance = chance
        self._waiting: list[tuple[int, int, list[Record]]] = []
        self._ticket = count()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def next_ready_ns(self) -> int | None:
        """When the first waiting record may go again; None while none waits."""
        return self._waiting[0][0] if self._waiting else None

    def refuse(self, records: Sequence[Record], cause: Cause, now_ns: int) -> int:
        """Take the records that a request had refused for one cause; return how many it gives up.

        Given up is what Kinesis rejects for good, what is past its time-to-live, and what the
        buffer can't hold.
        """
        if cause is Cause.REJECTED:
            return len(records)
        alive = [r for r in records if now_ns - r.due_ns < self._policy.ttl_ns]
        kept = alive[: self._policy.max_records - self._size]
        by_attempt: dict[int, list[Record]] = {}
        for record in kept:
            again = record._replace(attempt=record.attempt + 1)
            by_attempt.setdefault(again.attempt, []).append(again)
        for attempt, group in by_attempt.items():
            wait = int(self._chance() * self._policy.longest_wait(attempt))
            heapq.heappush(self._waiting, (now_ns + wait, next(self._ticket), group))
        self._size += len(kept)
        return len(records) - len(kept)

    def ready(self, now_ns: int) -> list[Record]:
        """Return, and forget, the records whose wait is over."""
        records: list[Record] = []
        while self._waiting and self._waiting[0][0] <= now_ns:
            records += heapq.heappop(self._waiting)[2]
        self._size -= len(records)
        return records
