"""A metric's values as the embedded CloudWatch holds them: merged by time, and packed.

Fifty tasks publish a latency as thirty values and counts each second. The values are the buckets of
one histogram, so most of them are the same: equal ones of one time are held once, with their counts
added. Those of the newest times are open, in dictionaries; older ones are closed and packed into
compressed columns, of a few bytes each, so that a long demo has little history. A block is unpacked
only for a question about its time.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple
from zlib import compress, decompress

OPEN_TIMES = 4
"""The newest times, whose values may still change; what comes later is held beside the others."""
COLUMNS = 4
BLOCK = 512
"""Values that are packed together, some seconds of a latency."""


class Value(NamedTuple):
    """A value that was published `seen` times."""

    at: float
    """The beginning of its second or minute, epoch seconds."""
    value: float
    unit: str
    seen: float


@dataclass(frozen=True)
class Block:
    """Values of some times, packed."""

    begin: float
    end: float
    """Their first time and their last."""
    packed: bytes


class PackedValues:
    """Values in the order of their times, which are multiples of `resolution` seconds."""

    def __init__(self, resolution: int) -> None:
        self._resolution = resolution
        self._units: list[str] = []
        self._blocks: list[Block] = []
        self._closed = array("d")
        """Less than a block of values: time, value, place of its unit and count of each in turn."""
        self._open: dict[float, dict[tuple[float, str], float]] = {}

    def __bool__(self) -> bool:
        return bool(self._blocks or self._closed or self._open)

    @property
    def packed_bytes(self) -> int:
        """Memory that its blocks take."""
        return sum(sys.getsizeof(block.packed) for block in self._blocks)

    def add(self, at: float, value: float, unit: str, count: float) -> None:
        """Hold one more, or add its count to the one that is like it."""
        time = at // self._resolution * self._resolution
        values = self._open.setdefault(time, {})
        values[value, unit] = values.get((value, unit), 0.0) + count
        while len(self._open) > OPEN_TIMES:
            self._close(min(self._open))

    def between(self, begin: float = -math.inf, end: float = math.inf) -> Iterator[Value]:
        """Those of the times from `begin` on and before `end`."""
        asked = [block for block in self._blocks if block.begin < end and block.end >= begin]
        for columns in chain(map(_unpacked, asked), [_columns(self._closed)]):
            for time, value, unit, count in zip(*columns, strict=True):
                if begin <= time < end:
                    yield Value(time, value, self._units[int(unit)], count)
        for time, values in sorted(self._open.items()):
            if begin <= time < end:
                yield from (Value(time, *key, count) for key, count in values.items())

    def forget(self, before: float) -> None:
        """Let go of the times before that, those that are packed by the block."""
        self._blocks = [block for block in self._blocks if block.end >= before]
        rows = zip(*_columns(self._closed), strict=True)
        self._closed = array("d", chain.from_iterable(row for row in rows if row[0] >= before))
        self._open = {time: values for time, values in self._open.items() if time >= before}

    def _close(self, time: float) -> None:
        for (value, unit), count in self._open.pop(time).items():
            self._closed.extend((time, value, self._place(unit), count))
            if len(self._closed) == COLUMNS * BLOCK:
                self._blocks.append(_packed(_columns(self._closed)))
                self._closed = array("d")

    def _place(self, unit: str) -> int:
        if unit not in self._units:
            self._units.append(unit)
        return self._units.index(unit)


def _columns(rows: array[float]) -> list[array[float]]:
    return [rows[number::COLUMNS] for number in range(COLUMNS)]


def _packed(columns: list[array[float]]) -> Block:
    """By the column, whose numbers are alike."""
    packed = compress(b"".join(column.tobytes() for column in columns), 1)
    return Block(min(columns[0]), max(columns[0]), packed)


def _unpacked(block: Block) -> list[array[float]]:
    numbers = array("d", decompress(block.packed))
    return [numbers[start : start + BLOCK] for start in range(0, COLUMNS * BLOCK, BLOCK)]
