"""The pool's ledgers in a memory-mapped file: one row a slot, written by the slot's producer.

A producer that is killed takes none of its counts with it; its successor carries on from the row.
The pool reads the rows for the metrics and the final ledger, the health check reads the heartbeats,
and after a `kill -9` of the whole task the file still tells how many records it had made.

Layout: 64-bit integers, native order; a header (magic, version, pool's process id, slots), then a
row of `_COLUMNS` per slot. Every cell has one writer at a time and is written in one store, and
`generated` is written before a record can leave, so a reader never sees more delivered than made.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from enum import StrEnum
from pathlib import Path

from worker.errors import BrokenScoreboard
from worker.histogram import CELLS, Distribution, Histogram
from worker.ledger import Cause, Ledger


class Latency(StrEnum):
    """The two latencies of a record, both until Kinesis acknowledged it."""

    FROM_DUE = "from_due"
    """From the moment when the pace called for it: what a user of the stream would wait."""
    FROM_SEND = "from_send"
    """From the sending of the request that it was acknowledged in: what Kinesis took."""


_MAGIC = 0x4B4F4444  # "KODD"
_VERSION = 3
_HEADER = ("magic", "version", "pool_pid", "slots")
_COLUMNS = (
    "pid",
    "heartbeat_ns",
    "generated",
    "delivered",
    "retried",
    "throttled",
    "internal_failures",
    *(f"failed_{cause}" for cause in Cause),
    "cpu_ns",
    *(f"{latency}_{cell}" for latency in Latency for cell in range(CELLS)),
)
_INDEX = {name: position for position, name in enumerate(_COLUMNS)}
_CELL = 8
_SUFFIX = ".scoreboard"


class Scoreboard:
    """All rows of one pool. Shared with the producers by fork."""

    def __init__(self, path: Path, memory: mmap.mmap) -> None:
        self.path = path
        self._cells = memoryview(memory).cast("q")
        self.pool_pid = self._cells[2]
        self.slots = self._cells[3]

    @classmethod
    def create(cls, name: str, slots: int, folder: Path | None = None) -> Scoreboard:
        """Make an empty one for this process in `folder` (default: the temporary folder).

        Raises OSError. The room is taken up at once: on a disk that is full later, writing to a
        page that isn't there yet would end the process by SIGBUS.
        """
        path = (folder or Path(tempfile.gettempdir())) / f"{name}{_SUFFIX}"
        size = (len(_HEADER) + slots * len(_COLUMNS)) * _CELL
        try:
            with path.open("w+b") as file:
                file.write(bytes(size))
                file.flush()
                memory = mmap.mmap(file.fileno(), size)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        header = memoryview(memory).cast("q")
        header[0], header[1], header[2], header[3] = _MAGIC, _VERSION, os.getpid(), slots
        return cls(path, memory)

    @classmethod
    def open(cls, path: Path) -> Scoreboard:
        """Open another process's scoreboard for reading; raise BrokenScoreboard if it is none."""
        try:
            with path.open("rb") as file:
                memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise BrokenScoreboard(f"{path}: {error}") from error
        if len(memory) < len(_HEADER) * _CELL or len(memory) % _CELL:
            raise BrokenScoreboard(f"{path} is too short")
        cells = memoryview(memory).cast("q")
        if (cells[0], cells[1]) != (_MAGIC, _VERSION):
            raise BrokenScoreboard(f"{path} is of another program or version")
        if len(cells) != len(_HEADER) + cells[3] * len(_COLUMNS):
            raise BrokenScoreboard(f"{path} is cut off")
        return cls(path, memory)

    @staticmethod
    def find(folder: Path | None = None) -> list[Path]:
        """The scoreboards in `folder` (default: the temporary folder)."""
        return sorted((folder or Path(tempfile.gettempdir())).glob(f"*{_SUFFIX}"))

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(_SUFFIX)

    def producer(self, slot: int) -> str:
        """The producer's name, as its records carry it."""
        return f"{self.name}-{slot}"

    def ledger(self, slot: int) -> Ledger:
        """The slot's books. What is settled is read before what was made: see above."""
        failed = {cause: self._get(slot, f"failed_{cause}") for cause in Cause}
        delivered = self._get(slot, "delivered")
        return Ledger(
            retried=self._get(slot, "retried"),
            throttled=self._get(slot, "throttled"),
            internal_failures=self._get(slot, "internal_failures"),
            failed_by_cause=failed,
            delivered=delivered,
            generated=self._get(slot, "generated"),
        )

    def total(self) -> Ledger:
        """The books of the whole pool."""
        return sum((self.ledger(slot) for slot in range(self.slots)), Ledger())

    def write(self, slot: int, ledger: Ledger) -> None:
        """Copy the slot's books into its row."""
        self._set(slot, "generated", ledger.generated)
        self._set(slot, "delivered", ledger.delivered)
        self._set(slot, "retried", ledger.retried)
        self._set(slot, "throttled", ledger.throttled)
        self._set(slot, "internal_failures", ledger.internal_failures)
        for cause, number in ledger.failed_by_cause.items():
            self._set(slot, f"failed_{cause}", number)

    def beat(self, slot: int, now_ns: int) -> None:
        """Say that this process lives, at `now_ns` on the monotonic clock."""
        self._set(slot, "pid", os.getpid())
        self._set(slot, "heartbeat_ns", now_ns)

    def use_cpu(self, slot: int, cpu_ns: int) -> None:
        """Add to the processor time that the slot's processes have used, nanoseconds."""
        self._set(slot, "cpu_ns", self.cpu_ns(slot) + cpu_ns)

    def cpu_ns(self, slot: int) -> int:
        return self._get(slot, "cpu_ns")

    def histogram(self, slot: int, latency: Latency) -> Histogram:
        """The slot's own counts of a latency, for its producer to add to."""
        return Histogram(self._latencies(slot, latency))

    def distribution(self, latency: Latency) -> Distribution:
        """A latency's distribution over the whole pool, as it stands."""
        slots = range(self.slots)
        return Distribution.merged(Distribution(self._latencies(s, latency)) for s in slots)

    def _latencies(self, slot: int, latency: Latency) -> memoryview:
        first = self._cell(slot, f"{latency}_0")
        return self._cells[first : first + CELLS]

    def pid(self, slot: int) -> int:
        return self._get(slot, "pid")

    def heartbeat_ns(self, slot: int) -> int:
        return self._get(slot, "heartbeat_ns")

    def remove(self) -> None:
        """Delete the file: its numbers have been reported."""
        self.path.unlink(missing_ok=True)

    def _cell(self, slot: int, column: str) -> int:
        return len(_HEADER) + slot * len(_COLUMNS) + _INDEX[column]

    def _get(self, slot: int, column: str) -> int:
        return self._cells[self._cell(slot, column)]

    def _set(self, slot: int, column: str, value: int) -> None:
        self._cells[self._cell(slot, column)] = value
