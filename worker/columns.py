"""Makes what a template's placeholders stand for: a column of values for a whole batch at once.

A call becomes a function of the batch that returns as many pieces of JSON as it has records, by few
steps of Python's for all of them: choices from what was encoded once, or numbers cut from one long
row of random bits. What is the same in every record of a producer (its name, the phase) becomes
bytes. Pure: time comes with the batch, chance is passed in.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from struct import unpack
from typing import TypeAlias, cast

from worker import fakes
from worker.generator import Origin, iso_second
from worker.template import Call, functions
from worker.template.functions import Scalar

_TEXT_STARTS = 4_096
"""Places at which a text may begin in the long one that all are cut from."""
_WORDS = (
    *("stream", "shard", "record", "event", "signal", "window", "batch", "cursor", "metric"),
    *("latency", "replay", "offset", "sample", "source", "target", "load", "peak", "decline"),
)
_UUID_BYTES = 36
_DIGIT_PLACES = [place for place in range(_UUID_BYTES) if place not in (8, 13, 18, 23)]
_VERSION, _VARIANT = 14, 19
_STOCK = 500
_VARIANTS = bytes.maketrans(b"0123456789abcdef", b"89ab" * 4)


@dataclass(frozen=True)
class Batch:
    """The records that are made together: their numbers, and when each was due."""

    first: int
    milliseconds: Sequence[int]
    """Unix time."""

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + len(self))

    def __len__(self) -> int:
        return len(self.milliseconds)


Column: TypeAlias = Callable[[Batch], Sequence[bytes]]


@dataclass(frozen=True)
class Circumstances:
    """Whose columns they are, and their chance."""

    origin: Origin
    chance: random.Random


def column(call: Call, around: Circumstances) -> Column | bytes:
    """What makes a call's column, or the bytes that are in every record."""
    if call.function.provider is not None:
        return _choosing([value.encode() for value in fakes.pool(call.function.provider)], around)
    return MAKERS[call.function.name](call, around)


def record_id(origin: Origin) -> str:
    """What all ids of a producer's records begin with; the number follows."""
    return f"demo:{origin.demo_id}:{origin.phase}:{origin.producer}:"


def _choosing(pool: Sequence[bytes], around: Circumstances) -> Column:
    choices = around.chance.choices
    return lambda batch: choices(pool, k=len(batch))


def _choice(call: Call, around: Circumstances) -> Column:
    values = cast("tuple[Scalar, ...]", call.arguments[0])
    write = functions.as_json if call.brings_quotes else functions.as_text
    pool = [write(value).encode() for value in values]
    if len(call.arguments) == 1:
        return _choosing(pool, around)
    weights = list(accumulate(cast("tuple[float, ...]", call.arguments[1])))
    choices = around.chance.choices
    return lambda batch: choices(pool, cum_weights=weights, k=len(batch))


def _uniform(call: Call, around: Circumstances) -> Column:
    del call
    return _choosing(_keys(0), around)


def _hot(call: Call, around: Circumstances) -> Column:
    share, *rest = cast("tuple[float, ...]", call.arguments)
    hot = round(share * functions.SPREAD_KEYS)
    number = int(rest[0]) if rest else 1
    return _choosing([b"hot-%d" % (n % number) for n in range(hot)] + _keys(hot), around)


def _keys(first: int) -> list[bytes]:
    return [b"key-%05d" % number for number in range(first, functions.SPREAD_KEYS)]


def _integer(call: Call, around: Circumstances) -> Column:
    return _range(*functions.steps([*call.arguments, 0]), around)


def _number(call: Call, around: Circumstances) -> Column:
    return _range(*functions.steps(call.arguments), around)


def _range(low: int, high: int, decimals: int, around: Circumstances) -> Column:
    """Every step from low to high is as likely as another, to one part in 10⁴."""
    span, unit = high - low + 1, 10**decimals
    if span <= functions.QUANTILES:
        values = (value / unit for value in range(low, high + 1))
        return _choosing([functions.decimal_text(v, decimals).encode() for v in values], around)
    bits = around.chance.getrandbits

    def drawn(batch: Batch) -> Sequence[int]:
        number = len(batch)
        words = unpack(f"<{number}Q", bits(64 * number).to_bytes(8 * number, "little"))
        return [low + (word * span >> 64) for word in words]

    if not decimals:
        return lambda batch: [b"%d" % value for value in drawn(batch)]
    return lambda batch: [b"%.*f" % (decimals, value / unit) for value in drawn(batch)]


def _normal(call: Call, around: Circumstances) -> Column:
    mean, deviation, *rest = cast("tuple[float, ...]", call.arguments)
    values = functions.quantiles(mean, deviation, int(rest[0]) if rest else 2)
    return _choosing([value.encode() for value in values], around)


def _text(call: Call, around: Circumstances) -> Column:
    """Pieces of one long text that begin anywhere in its first part."""
    length = int(cast("float", call.arguments[0]))
    size = length + _TEXT_STARTS
    words = around.chance.choices(_WORDS, k=size // min(map(len, _WORDS)))
    whole = " ".join(words).encode()[:size]
    starts, choices = range(_TEXT_STARTS), around.chance.choices
    return lambda batch: [whole[at : at + length] for at in choices(starts, k=len(batch))]


def _uuid(call: Call, around: Circumstances) -> Column:
    """From a stock, since many are cheaper by the piece than few."""
    del call
    bits = around.chance.getrandbits
    stock: list[bytes] = []

    def taken(batch: Batch) -> Sequence[bytes]:
        nonlocal stock
        if len(stock) < len(batch):
            stock = uuids(max(len(batch), _STOCK), bits)
        left = len(stock) - len(batch)
        found = stock[left:]
        del stock[left:]
        return found

    return taken


def uuids(number: int, bits: Callable[[int], int]) -> list[bytes]:
    """UUIDs of version 4 (RFC 9562): first the first digit of all, then the second, and so on."""
    digits = bits(128 * number).to_bytes(16 * number, "big").hex().encode()
    text = bytearray(b"-") * (_UUID_BYTES * number)
    for digit, place in enumerate(_DIGIT_PLACES):
        text[place::_UUID_BYTES] = digits[digit :: len(_DIGIT_PLACES)]
    text[_VERSION::_UUID_BYTES] = b"4" * number
    text[_VARIANT::_UUID_BYTES] = text[_VARIANT::_UUID_BYTES].translate(_VARIANTS)
    return list(unpack(f"{_UUID_BYTES}s" * number, text))


def _now(call: Call, around: Circumstances) -> Column:
    del call, around

    def made(batch: Batch) -> Sequence[bytes]:
        texts = {moment: _iso(moment) for moment in set(batch.milliseconds)}
        return [texts[moment] for moment in batch.milliseconds]

    return made


def _iso(millisecond: int) -> bytes:
    second, millis = divmod(millisecond, 1000)
    return b"%b.%03dZ" % (iso_second(second), millis)


def _timestamp(call: Call, around: Circumstances) -> Column:
    del call, around
    return lambda batch: [b"%d" % moment for moment in batch.milliseconds]


def _sequence(call: Call, around: Circumstances) -> Column:
    del call, around
    return lambda batch: [b"%d" % number for number in batch.numbers]


def _record_id(call: Call, around: Circumstances) -> Column:
    del call
    head = functions.inner_json(record_id(around.origin)).replace("%", "%%").encode() + b"%012d"
    return lambda batch: [head % number for number in batch.numbers]


MAKERS: Mapping[str, Callable[[Call, Circumstances], Column | bytes]] = {
    "uuid": _uuid,
    "integer": _integer,
    "number": _number,
    "normal": _normal,
    "choice": _choice,
    "text": _text,
    "now": _now,
    "timestamp": _timestamp,
    "sequence": _sequence,
    "record_id": _record_id,
    "producer": lambda _, around: functions.inner_json(around.origin.producer).encode(),
    "demo": lambda _, around: functions.inner_json(around.origin.demo_id).encode(),
    "phase": lambda _, around: b"%d" % around.origin.phase,
    "uniform": _uniform,
    "hot": _hot,
}
"""By function. `field` is none: the field's own calls stand in its place."""
