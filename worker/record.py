"""One user record on its way to Kinesis: the only thing that the steps of the pipeline exchange."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """A record as generated. A NamedTuple, because one is made for every record sent."""

    data: bytes
    partition_key: str
    due_ns: int
    """When the pace called for it, nanoseconds on the monotonic clock: latency counts from here."""
    attempt: int = 0
    """How often it has been refused so far."""

    @property
    def size(self) -> int:
        """What it counts against Kinesis' limits: data and partition key in UTF-8, bytes."""
        return len(self.data) + len(self.partition_key.encode())
