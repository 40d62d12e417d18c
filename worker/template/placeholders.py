"""Reads a placeholder, `{{name argument …}}`: a function of the table and constants, no more.

Arguments are JSON's constants and lists of them; a text may also be in single quotes, in quotes
with a backslash each (as they have to be where the template itself is a JSON text), or a plain
word.
"""

from __future__ import annotations

import json
import math
import re
from difflib import get_close_matches

from .functions import FUNCTIONS, Argument, BadArguments, Scalar
from .problems import Complaints, shown
from .providers import PROVIDERS
from .record import Call

OPEN, CLOSE = "{{", "}}"
_BLANK = re.compile(r"[\s,]*")
_END = re.compile(r"\s*\}\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_CONSTANT = re.compile(
    r"""
      (?P<number> -?\d+(?:\.\d+)?(?:[eE][-+]?\d+)? (?![\w.]) )
    | (?P<double> "(?:[^"\\\n]|\\.)*" )
    | (?P<single> '[^'\\\n]*' )
    | (?P<escaped> \\"[^"\\\n]*\\" )
    | (?P<word> [^\W\d][\w.-]* )
    """,
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}
_MOST_DIGITS = 40


class _Broken(Exception):
    """Reading can't go on in this placeholder."""

    def __init__(self, at: int, reason: str, advice: str) -> None:
        self.at, self.reason, self.advice = at, reason, advice


def read(text: str, at: int, complaints: Complaints, *, bare: bool) -> tuple[Call | None, int]:
    """The placeholder that opens at `at`, and where it ends; None for one that is no good.

    `bare`: it stands outside of any text.
    """
    start = _skip(text, at + len(OPEN))
    try:
        name = _NAME.match(text, start)
        if name is None:
            raise _Broken(at, "a placeholder without a function", f"write {{{{uuid}}}}: {_known()}")
        arguments, end = _arguments(text, name.end(), at)
    except _Broken as broken:
        complaints.add(broken.at, broken.reason, broken.advice)
        return None, _after(text, start)
    return _call(name.group(), arguments, at, bare, complaints), end


def _call(
    name: str, arguments: tuple[Argument, ...], at: int, bare: bool, complaints: Complaints
) -> Call | None:
    function = FUNCTIONS.get(name)
    if complaints.full:
        return None
    if function is None:
        complaints.add(at, f"there is no function {shown(name)}", _instead_of(name))
        return None
    try:
        return Call(function, arguments, function.sizes(arguments), at, bare)
    except BadArguments as error:
        complaints.add(at, f"{name} {error}", f"write {function.usage}")
        return None


def _arguments(text: str, position: int, opened: int) -> tuple[tuple[Argument, ...], int]:
    found: list[Argument] = []
    while True:
        end = _END.match(text, position)
        if end is not None:
            return tuple(found), end.end()
        position = _skip(text, position)
        if position >= len(text):
            raise _Broken(opened, "the placeholder is not closed", f"end it with {CLOSE}")
        if text[position] == "[":
            values, position = _list(text, position)
            found.append(values)
        else:
            value, position = _constant(text, position)
            found.append(value)


def _list(text: str, opened: int) -> tuple[tuple[Scalar, ...], int]:
    values: list[Scalar] = []
    position = _skip(text, opened + 1)
    while position < len(text) and text[position] != "]":
        value, position = _constant(text, position)
        values.append(value)
        position = _skip(text, position)
    if position >= len(text):
        raise _Broken(opened, "the list is not closed", "end it with ]")
    return tuple(values), position + 1


def _constant(text: str, position: int) -> tuple[Scalar, int]:
    found = _CONSTANT.match(text, position)
    if found is None:
        reason = f"{shown(text[position : position + 12])} is no number, text or list"
        raise _Broken(position, reason, "write numbers, 'texts', words, or a list [\"a\", 2]")
    raw = found.group()
    try:
        return _value(str(found.lastgroup), raw), found.end()
    except ValueError:
        raise _Broken(position, f"{shown(raw)} can't be read", "write it as JSON does") from None


def _value(kind: str, raw: str) -> Scalar:
    if kind == "number":
        return _finite(raw)
    if kind == "word":
        return _WORDS.get(raw, raw)
    if kind == "double":
        decoded = str(json.loads(raw))
        decoded.encode()  # half of a pair of surrogates is no text: raises a ValueError
        return decoded
    return raw[1:-1] if kind == "single" else raw[2:-2]


def _finite(raw: str) -> int | float:
    number: int | float = json.loads(raw) if len(raw) <= _MOST_DIGITS else math.inf
    if not math.isfinite(number):
        raise ValueError(raw)
    return number


def _skip(text: str, position: int) -> int:
    blank = _BLANK.match(text, position)
    return blank.end() if blank else position


def _after(text: str, position: int) -> int:
    end = text.find(CLOSE, position)
    return len(text) if end < 0 else end + len(CLOSE)


def _instead_of(name: str) -> str:
    faker, dot, provider = name.lower().partition("faker.")
    if dot and not faker:
        close = [f"faker.{each}" for each in get_close_matches(provider, PROVIDERS)]
    else:
        close = get_close_matches(name.lower(), FUNCTIONS)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"of Faker's there are {', '.join(PROVIDERS)}" if dot else _known()


def _known() -> str:
    own = (name for name in FUNCTIONS if "." not in name)
    return f"there are {', '.join(own)}, and Faker's, such as faker.name"
