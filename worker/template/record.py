"""What a template is once it has been read: bytes that stay, and calls that make the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .functions import Argument, Function, Makes, Sizes, made_by_choice


@dataclass(frozen=True)
class Call:
    """A placeholder. `at`, its place in the text, tells it from another that says the same."""

    function: Function
    arguments: tuple[Argument, ...]
    sizes: Sizes
    at: int
    bare: bool = False
    """It stands outside of any text, so what it makes is a JSON value."""

    @property
    def makes(self) -> Makes:
        """Whether it stands in the record as a text."""
        values = self.arguments[0] if self.function.name == "choice" else None
        return made_by_choice(values) if isinstance(values, tuple) else self.function.makes

    @property
    def brings_quotes(self) -> bool:
        """Whether what it makes may have quotes of its own, besides being no text."""
        values = self.arguments[0] if self.function.name == "choice" else ()
        mixed = isinstance(values, tuple) and any(isinstance(value, str) for value in values)
        return self.bare and mixed and self.makes is Makes.VALUE


Part: TypeAlias = bytes | Call
"""A piece of JSON as it stands, or a call that makes one."""


@dataclass(frozen=True)
class Template:
    """A record and its partition key, both as parts to be joined.

    The key's parts are what stands between a JSON text's quotes. A call that is in both is made
    once a record.
    """

    text: str
    """As it was given."""
    parts: tuple[Part, ...]
    key: tuple[Part, ...]

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call once, in their order in the text."""
        found = {part.at: part for part in (*self.parts, *self.key) if isinstance(part, Call)}
        return tuple(found[at] for at in sorted(found))

    @property
    def mean_bytes(self) -> int:
        """About how long a record is in the mean, without its key."""
        return round(sum(sizes_of(part).mean for part in self.parts))

    @property
    def most_bytes(self) -> int:
        """How long a record can get, without its key."""
        return most_bytes(self.parts)

    @property
    def providers(self) -> tuple[str, ...]:
        """Faker's providers that it uses, each once."""
        names = (call.function.provider for call in self.calls)
        return tuple(dict.fromkeys(name for name in names if name is not None))


def sizes_of(part: Part) -> Sizes:
    """How long a part is."""
    return part.sizes if isinstance(part, Call) else Sizes.exactly(len(part))


def most_bytes(parts: Sequence[Part]) -> int:
    """How long these parts can get, joined."""
    return sum(sizes_of(part).most for part in parts)


def least_bytes(parts: Sequence[Part]) -> int:
    """How short these parts can get, joined."""
    return sum(sizes_of(part).least for part in parts)


def merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The same parts with neighbouring bytes made one."""
    found: list[Part] = []
    for part in parts:
        if found and isinstance(part, bytes) and isinstance(found[-1], bytes):
            found[-1] += part
        elif part:
            found.append(part)
    return tuple(found)
