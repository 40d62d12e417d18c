"""Fills PutRecords requests: up to 500 records or the byte limit, or what came within the linger.

This is what the Kinesis Producer Library calls collection. Pure: the caller passes the time. Every
flush says why it happened, because a producer that always flushes by deadline sends small, dear
requests, and one that always flushes by count is running at its limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.errors import RecordTooLarge
from worker.limits import MAX_RECORD_BYTES, MAX_RECORDS_PER_REQUEST, MAX_REQUEST_BYTES
from worker.record import Record


class FlushReason(StrEnum):
    """Why a request was closed."""

    COUNT = "count"
    BYTES = "bytes"
    DEADLINE = "deadline"
    DRAIN = "drain"


@dataclass(frozen=True)
class Batch:
    """The records of one PutRecords request."""

    records: tuple[Record, ...]
    reason: FlushReason


class Collector:
    """Gathers records into batches that never exceed a limit of PutRecords."""

    def __init__(self, linger_ns: int) -> None:
        self._linger_ns = linger_ns
        self._records: list[Record] = []
        self._bytes = 0
        self._deadline_ns = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def deadline_ns(self) -> int | None:
        """When the open batch has to go, monotonic nanoseconds; None while there is none."""
        return self._deadline_ns if self._records else None

    def add(self, record: Record, now_ns: int) -> list[Batch]:
        """Take one record; return the batches that are full by it.

        Raises RecordTooLarge, and takes nothing, for a record that no request can hold.
        """
        size = record.size
        if size > MAX_RECORD_BYTES:
            raise RecordTooLarge(
                f"a record of {size:,} bytes, data and partition key together, is over Kinesis' "
                f"{MAX_RECORD_BYTES:,}; make the record smaller"
            )
        full = []
        if self._bytes + size > MAX_REQUEST_BYTES:
            full.append(self._close(FlushReason.BYTES))
        if not self._records:
            self._deadline_ns = now_ns + self._linger_ns
        self._records.append(record)
        self._bytes += size
        if len(self._records) == MAX_RECORDS_PER_REQUEST:
            full.append(self._close(FlushReason.COUNT))
        return full

    def overdue(self, now_ns: int) -> list[Batch]:
        """Return the open batch if its oldest record has lingered long enough."""
        if self._records and now_ns >= self._deadline_ns:
            return [self._close(FlushReason.DEADLINE)]
        return []

    def drain(self) -> list[Batch]:
        """Return whatever is there, for the end."""
        return [self._close(FlushReason.DRAIN)] if self._records else []

    def _close(self, reason: FlushReason) -> Batch:
        batch = Batch(tuple(self._records), reason)
        self._records = []
        self._bytes = 0
        return batch
