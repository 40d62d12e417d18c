"""What the steps of the pipeline exchange: user records, and the aggregates that hold many."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Record(NamedTuple):
    """A user record as generated. A NamedTuple, because one is made for every record sent."""

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


class Entry(NamedTuple):
    """An entry of a PutRecords request that is not simply a record: an aggregate of many."""

    data: bytes
    partition_key: str
    explicit_hash_key: str | None
    """Decimal; so that an aggregate goes to the shard that its records hash to."""
    records: tuple[Record, ...]

    @property
    def size(self) -> int:
        """What it counts against Kinesis' limits, bytes."""
        return len(self.data) + len(self.partition_key.encode())


Item: TypeAlias = Record | Entry
"""An entry of a PutRecords request."""


def records_of(item: Item) -> tuple[Record, ...]:
    """The user records that an entry carries."""
    return item.records if isinstance(item, Entry) else (item,)
