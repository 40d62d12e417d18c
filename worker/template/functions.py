"""The functions that a placeholder may call: a fixed table, each with what it takes and makes.

A function says how long what it makes is: in the mean, so that a demo's cost can be told, and at
the most, so that no record or key can outgrow what Kinesis takes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import NormalDist, fmean
from typing import TypeAlias

from .providers import MOST_BYTES, PROVIDERS

Scalar: TypeAlias = str | int | float | bool | None
Argument: TypeAlias = Scalar | tuple[Scalar, ...]

MOST_TEXT = 1_000_000
LARGEST = 10**15
"""Numbers up to here are exact in every JSON reader, also with nothing behind the point."""
MOST_DECIMALS = 9
QUANTILES = 4_096
"""A normal variable has so many values, each as likely as another: drawing one costs no more then
than a choice, and it is off the curve by an eight-thousandth at most."""
SPREAD_KEYS = 20_000
"""Different keys of `uniform`; with some hundred shards each gets its share within 10%."""
MOST_HOT_KEYS = 1_000


class Makes(StrEnum):
    """What stands in the record: a text, which needs quotes unless it is in some, or no text."""

    TEXT = "text"
    VALUE = "value"


class BadArguments(Exception):
    """What a function was given, it can't take; the message says what it was."""


@dataclass(frozen=True)
class Sizes:
    """How long what is made is, bytes."""

    least: int
    mean: float
    most: int

    @classmethod
    def exactly(cls, size: int) -> Sizes:
        return cls(size, size, size)

    @classmethod
    def of(cls, samples: Iterable[str], weights: Sequence[float] | None = None) -> Sizes:
        """Of texts, the shortest and the longest among them; without weights all occur equally."""
        lengths = [len(sample.encode()) for sample in samples]
        return cls(min(lengths), fmean(lengths, weights), max(lengths))


@dataclass(frozen=True)
class Function:
    """One entry of the table."""

    name: str
    makes: Makes
    usage: str
    """How it is written, for a person."""
    sizes: Callable[[Sequence[Argument]], Sizes]
    """Checks the arguments, raising BadArguments, and tells how long the outcome is."""
    for_keys: bool = False
    """It chooses a partition key; a record has no use for it."""
    provider: str | None = None
    """Faker's, if that is where it comes from."""


def inner_json(text: str) -> str:
    """The text as it stands between the quotes of a JSON text."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def as_json(value: Scalar) -> str:
    """The value as JSON."""
    return json.dumps(value, ensure_ascii=False)


def as_text(value: Scalar) -> str:
    """The value within a JSON text."""
    return inner_json(value) if isinstance(value, str) else as_json(value)


def made_by_choice(values: Sequence[Scalar]) -> Makes:
    """One of several texts is a text; where there is anything else, its quotes are its own."""
    return Makes.TEXT if all(isinstance(value, str) for value in values) else Makes.VALUE


def decimal_text(value: float, decimals: int) -> str:
    """A number with so many digits behind the point, and never a negative zero."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def quantiles(
    mean: float, deviation: float, decimals: int, places: Sequence[int] = range(QUANTILES)
) -> list[str]:
    """The values of a normal variable, from the lowest to the highest, or some of them."""
    standard = NormalDist()
    return [
        decimal_text(mean + deviation * standard.inv_cdf((n + 0.5) / QUANTILES), decimals)
        for n in places
    ]


def steps(arguments: Sequence[Argument]) -> tuple[int, int, int]:
    """`integer` and `number`: the lowest and highest value in units of the last decimal, and the
    decimals.
    """
    low, high, *rest = arguments
    decimals = _whole(rest[0]) if rest else 2
    unit = 10**decimals
    return round(_number(low) * unit), round(_number(high) * unit), decimals


def _nothing(size: Sizes) -> Callable[[Sequence[Argument]], Sizes]:
    def sizes(arguments: Sequence[Argument]) -> Sizes:
        if arguments:
            raise BadArguments("takes nothing")
        return size

    return sizes


def _integer(arguments: Sequence[Argument]) -> Sizes:
    _count(arguments, 2, 2)
    for bound in arguments:
        _whole(bound)
    return _range_sizes(*steps([*arguments, 0]))


def _decimal(arguments: Sequence[Argument]) -> Sizes:
    _count(arguments, 2, 3)
    _decimals(arguments[2:])
    return _range_sizes(*steps(arguments))


def _range_sizes(low: int, high: int, decimals: int) -> Sizes:
    if low > high:
        raise BadArguments("has its bounds the wrong way round")
    if max(-low, high) > LARGEST:
        raise BadArguments("has more digits than a number holds exactly")
    some = [low + (high - low) * n // 200 for n in range(201)]
    sizes = Sizes.of(decimal_text(value / 10**decimals, decimals) for value in some)
    return replace(sizes, least=1)


def _normal(arguments: Sequence[Argument]) -> Sizes:
    _count(arguments, 2, 3)
    mean, deviation = _number(arguments[0]), _number(arguments[1])
    if deviation < 0 or abs(mean) + 10 * deviation > LARGEST:
        raise BadArguments("has a deviation below 0, or values beyond 10¹⁵")
    some = (*range(0, QUANTILES, 32), QUANTILES - 1)
    sizes = Sizes.of(quantiles(mean, deviation, _decimals(arguments[2:]), some))
    return replace(sizes, least=1)


def _choice(arguments: Sequence[Argument]) -> Sizes:
    _count(arguments, 1, 2)
    values = arguments[0]
    if not isinstance(values, tuple) or not values:
        raise BadArguments("has no list to choose from")
    weights = _weights(arguments[1], len(values)) if len(arguments) == 2 else None
    bare = Sizes.of(map(as_text, values), weights)
    if made_by_choice(values) is Makes.TEXT:
        return bare
    return replace(Sizes.of(map(as_json, values), weights), least=bare.least)


def _weights(weights: Argument, values: int) -> list[float]:
    if not isinstance(weights, tuple) or len(weights) != values:
        raise BadArguments("needs one weight for each value")
    if min(numbers := [_number(weight) for weight in weights]) < 0 or not sum(numbers):
        raise BadArguments("has a weight below 0, or none above")
    return numbers


def _text(arguments: Sequence[Argument]) -> Sizes:
    _count(arguments, 1, 1)
    length = _whole(arguments[0])
    if not 1 <= length <= MOST_TEXT:
        raise BadArguments(f"makes 1 to {MOST_TEXT:,} characters")
    return Sizes.exactly(length)


def _uniform(arguments: Sequence[Argument]) -> Sizes:
    _count(arguments, 0, 0)
    return Sizes.exactly(len(f"key-{SPREAD_KEYS:05d}"))


def _hot(arguments: Sequence[Argument]) -> Sizes:
    _count(arguments, 1, 2)
    if not 0 < _number(arguments[0]) <= 1:
        raise BadArguments("has a share that is not above 0 and at most 1")
    if len(arguments) == 2 and not 1 <= _whole(arguments[1]) <= MOST_HOT_KEYS:
        raise BadArguments(f"has 1 to {MOST_HOT_KEYS:,} hot keys")
    return Sizes(5, 8, len(f"key-{SPREAD_KEYS:05d}"))


def _field(arguments: Sequence[Argument]) -> Sizes:
    _count(arguments, 1, 1)
    if not isinstance(arguments[0], str):
        raise BadArguments("needs a field's name")
    return Sizes.exactly(0)  # of the field, which takes this call's place


def _count(arguments: Sequence[Argument], least: int, most: int) -> None:
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} or {most}"
        raise BadArguments(f"takes {wanted}, and has {len(arguments)}")


def _decimals(given: Sequence[Argument]) -> int:
    decimals = _whole(given[0]) if given else 2
    if not 0 <= decimals <= MOST_DECIMALS:
        raise BadArguments(f"has 0 to {MOST_DECIMALS} decimals")
    return decimals


def _whole(value: Argument) -> int:
    number = _number(value)
    if number != int(number):
        raise BadArguments(f"takes whole numbers, not {number:g}")
    return int(number)


def _number(value: Argument) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadArguments("takes numbers")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise BadArguments("takes no number beyond 10¹⁵")
    return value


def _faker(provider: str) -> Function:
    mean, numeric = PROVIDERS[provider]
    makes = Makes.VALUE if numeric else Makes.TEXT
    name = f"faker.{provider}"
    return Function(
        name, makes, f"{{{{{name}}}}}", _nothing(Sizes(1, mean, MOST_BYTES)), provider=provider
    )


_ID_BYTES = 5 + 80 + 1 + 1 + 1 + 14 + 1 + 12
"""`demo:`, an id, a phase, a producer and a number of twelve digits, with colons in between: so
whatever stands behind it in a text can't be taken for a part of the number."""
_TABLE = (
    Function("uuid", Makes.TEXT, "{{uuid}}", _nothing(Sizes.exactly(36))),
    Function("integer", Makes.VALUE, "{{integer 1 100}}", _integer),
    Function(
        "number", Makes.VALUE, "{{number 0 1}}, or with its decimals {{number 0 1 3}}", _decimal
    ),
    Function(
        "normal", Makes.VALUE, "{{normal 10 2}}, or with its decimals {{normal 10 2 3}}", _normal
    ),
    Function(
        "choice",
        Makes.VALUE,
        "{{choice ['a', 'b']}}, or weighted {{choice ['a', 'b'] [9, 1]}}",
        _choice,
    ),
    Function("text", Makes.TEXT, "{{text 100}}", _text),
    Function("now", Makes.TEXT, "{{now}}", _nothing(Sizes.exactly(24))),
    Function("timestamp", Makes.VALUE, "{{timestamp}}", _nothing(Sizes.exactly(13))),
    Function("sequence", Makes.VALUE, "{{sequence}}", _nothing(Sizes(1, 5, 19))),
    Function("producer", Makes.TEXT, "{{producer}}", _nothing(Sizes(10, 10, 14))),
    Function("demo", Makes.TEXT, "{{demo}}", _nothing(Sizes(1, 25, 80))),
    Function("phase", Makes.VALUE, "{{phase}}", _nothing(Sizes.exactly(1))),
    Function("record_id", Makes.TEXT, "{{record_id}}", _nothing(Sizes(32, 57, _ID_BYTES))),
    Function("uniform", Makes.TEXT, "{{uniform}}", _uniform, for_keys=True),
    Function(
        "hot", Makes.TEXT, "{{hot 0.3}}, or on so many keys {{hot 0.3 5}}", _hot, for_keys=True
    ),
    Function("field", Makes.TEXT, "{{field customer.id}}", _field, for_keys=True),
    *map(_faker, PROVIDERS),
)
FUNCTIONS: Mapping[str, Function] = {function.name: function for function in _TABLE}
