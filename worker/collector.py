"""Fills PutRecords requests: up to 500 entries or the byte limit, or what came within the linger.

This is what the Kinesis Producer Library calls collection. Pure: the caller passes the time. Every
flush says why it happened, because a producer that always flushes by deadline sends small, dear
requests, and one that always flushes by count is running at its limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from worker.limits import MAX_KEY_BYTES, MAX_RECORDS_PER_REQUEST, MAX_REQUEST_BYTES
from worker.record import Entry, Item


class FlushReason(StrEnum):
    """Why a request was closed."""

    COUNT = "count"
    BYTES = "bytes"
    DEADLINE = "deadline"
    DRAIN = "drain"


@dataclass(frozen=True, slots=True)
class Batch:
    """The entries of one PutRecords request."""

    items: Sequence[Item]
    records: int
    """User records in it."""
    reason: FlushReason


class Collector:
    """Gathers entries into batches that never exceed a limit of PutRecords.

    Keys count with the most that they can have, so that they need not be measured one by one.
    """

    def __init__(self, linger_ns: int) -> None:
        self._linger_ns = linger_ns
        self._items: list[Item] = []
        self._records = 0
        self._bytes = 0
        self._deadline_ns = 0

    def __len__(self) -> int:
        """User records inside."""
        return self._records

    @property
    def deadline_ns(self) -> int | None:
        """When the open batch has to go, monotonic nanoseconds; None while there is none."""
        return self._deadline_ns if self._items else None

    def add(self, items: Sequence[Item], since_ns: int) -> list[Batch]:
        """Take records, or aggregates, that linger since then; return the batches they fill.

        None may be too large (limits.py).
        """
        full: list[Batch] = []
        position = 0
        while position < len(items):
            room = MAX_RECORDS_PER_REQUEST - len(self._items)
            chunk = items[position : position + room]
            size = sum([len(item[0]) for item in chunk]) + MAX_KEY_BYTES * len(chunk)
            if self._bytes + size > MAX_REQUEST_BYTES:
                if len(chunk) > 1:
                    full += self.add(chunk[: len(chunk) // 2], since_ns)
                    position += len(chunk) // 2
                    continue
                if self._items:
                    full.append(self._close(FlushReason.BYTES))
            self._take(chunk, size, since_ns)
            position += len(chunk)
            if len(self._items) == MAX_RECORDS_PER_REQUEST:
                full.append(self._close(FlushReason.COUNT))
        return full

    def overdue(self, now_ns: int) -> list[Batch]:
        """Return the open batch if its oldest entry has lingered long enough."""
        if self._items and now_ns >= self._deadline_ns:
            return [self._close(FlushReason.DEADLINE)]
        return []

    def drain(self) -> list[Batch]:
        """Return whatever is there, for the end."""
        return [self._close(FlushReason.DRAIN)] if self._items else []

    def _take(self, chunk: Sequence[Item], size: int, since_ns: int) -> None:
        deadline_ns = since_ns + self._linger_ns
        self._deadline_ns = min(deadline_ns, self._deadline_ns) if self._items else deadline_ns
        self._items += chunk
        self._bytes += size
        if isinstance(chunk[0], Entry):
            self._records += sum(len(item.records) for item in chunk if isinstance(item, Entry))
        else:
            self._records += len(chunk)

    def _close(self, reason: FlushReason) -> Batch:
        batch = Batch(self._items, self._records, reason)
        self._items = []
        self._records = 0
        self._bytes = 0
        return batch
