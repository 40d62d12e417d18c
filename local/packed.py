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
from typing import NamedTuple
from zlib import compress, decompress

OPEN_TIMES = 4
"""The newest times, whose values may still change; what comes later is held beside the others."""
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
        self._closed: list[Value] = []
        """Less than a block of them."""
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
        for block in self._blocks:
            if block.begin < end and block.end >= begin:
                yield from (one for one in self._unpacked(block) if begin <= one.at < end)
        yield from (one for one in self._closed if begin <= one.at < end)
        for time, values in sorted(self._open.items()):
            if begin <= time < end:
                yield from (Value(time, *key, count) for key, count in values.items())

    def forget(self, before: float) -> None:
        """Let go of the times before that, by the block."""
        self._blocks = [block for block in self._blocks if block.end >= before]
        self._closed = [one for one in self._closed if one.at >= before]
        self._open = {time: values for time, values in self._open.items() if time >= before}

    def _close(self, time: float) -> None:
        self._closed += [Value(time, *key, count) for key, count in self._open.pop(time).items()]
        while len(self._closed) >= BLOCK:
            self._blocks.append(self._block(self._closed[:BLOCK]))
            del self._closed[:BLOCK]

    def _block(self, values: list[Value]) -> Block:
        times, numbers, units, counts = zip(*values, strict=True)
        self._units += sorted({*units} - {*self._units})
        columns = times, numbers, map(self._units.index, units), counts
        packed = compress(b"".join(array("d", column).tobytes() for column in columns), 1)
        return Block(min(times), max(times), packed)

    def _unpacked(self, block: Block) -> Iterator[Value]:
        numbers = array("d", decompress(block.packed))
        columns = (numbers[start : start + BLOCK] for start in range(0, 4 * BLOCK, BLOCK))
        for at, value, unit, count in zip(*columns, strict=True):
            yield Value(at, value, self._units[int(unit)], count)
