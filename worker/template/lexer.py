"""Takes a template's text apart: JSON's marks, constants and texts, and placeholders anywhere.

What is wrong with a token is noted, and reading goes on behind it, so that one look tells all.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from . import placeholders
from .functions import inner_json
from .problems import Complaints, shown
from .record import Part

_BLANK = re.compile(r"[ \t\r\n]*")
_CONSTANT = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_UNKNOWN = re.compile(r"[^\s{}\[\]:,\"]+")
_PIECE = re.compile(r"(?:[^\"\\\x00-\x1f{]|\\.|\{(?!\{))*")
_MOST_DIGITS = 40


class Mark(StrEnum):
    """What a token is; those that are one character are that character."""

    OBJECT = "{"
    OBJECT_END = "}"
    LIST = "["
    LIST_END = "]"
    COLON = ":"
    COMMA = ","
    TEXT = "a text"
    CONSTANT = "a constant"
    PLACEHOLDER = "a placeholder"
    END = "the end"


@dataclass(frozen=True)
class Token:
    """A token and its place; of a text `parts` are what stands between its quotes.

    The parts of what was noted as wrong are empty.
    """

    mark: Mark
    at: int
    parts: tuple[Part, ...] = ()

    @property
    def plain(self) -> str | None:
        """A text without placeholders, decoded; else None."""
        if self.mark is not Mark.TEXT or not all(isinstance(part, bytes) for part in self.parts):
            return None
        raw = b"".join(part for part in self.parts if isinstance(part, bytes))
        return str(json.loads(b'"' + raw + b'"'))


_SINGLE = {mark.value: mark for mark in Mark if len(mark.value) == 1}


def tokens(text: str, complaints: Complaints) -> list[Token]:
    """All tokens, the last of them END."""
    found: list[Token] = []
    position = _skip(text, 0)
    while position < len(text):
        token, position = _token(text, position, complaints)
        found.append(token)
        position = _skip(text, position)
    return [*found, Token(Mark.END, len(text))]


def _token(text: str, at: int, complaints: Complaints) -> tuple[Token, int]:
    if text.startswith(placeholders.OPEN, at):
        call, end = placeholders.read(text, at, complaints, bare=True)
        return Token(Mark.PLACEHOLDER, at, (call,) if call else ()), end
    if text[at] == '"':
        return _text(text, at, complaints)
    if text[at] in _SINGLE:
        return Token(_SINGLE[text[at]], at), at + 1
    return _constant(text, at, complaints)


def _constant(text: str, at: int, complaints: Complaints) -> tuple[Token, int]:
    word = _UNKNOWN.match(text, at)
    raw = word.group() if word else text[at]
    if not _CONSTANT.fullmatch(raw):
        complaints.add(at, f"{shown(raw)} is not JSON", "put a text in double quotes")
    elif len(raw) > _MOST_DIGITS:
        complaints.add(at, "the number is too long", f"give at most {_MOST_DIGITS} characters")
    else:
        return Token(Mark.CONSTANT, at, (raw.encode(),)), at + len(raw)
    return Token(Mark.CONSTANT, at), at + len(raw)


def _text(text: str, at: int, complaints: Complaints) -> tuple[Token, int]:
    parts: list[Part] = []
    position = at + 1
    while True:
        piece = _PIECE.match(text, position)
        raw = piece.group() if piece else ""
        parts.append(_decoded(raw, position, complaints))
        position += len(raw)
        if text.startswith(placeholders.OPEN, position):
            call, position = placeholders.read(text, position, complaints, bare=False)
            parts += [call] if call else []
        elif text.startswith('"', position):
            return Token(Mark.TEXT, at, tuple(parts)), position + 1
        else:
            return Token(Mark.TEXT, at, tuple(parts)), _unended(text, at, position, complaints)


def _unended(text: str, at: int, position: int, complaints: Complaints) -> int:
    """Where to go on behind a text that is not closed, or has a control character in it."""
    if position < len(text) and text[position] not in "\n\\":
        complaints.add(position, "a control character in a text", "write it as in \\t or \\u0007")
        return _unended_line(text, position)
    complaints.add(at, "the text is not closed on its line", 'end it with ", and write \\n in it')
    return _unended_line(text, position)


def _unended_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _decoded(raw: str, at: int, complaints: Complaints) -> bytes:
    try:
        return inner_json(json.loads(f'"{raw}"')).encode()
    except UnicodeEncodeError:
        complaints.add(at, "half of a character (a lone surrogate)", "write both halves")
    except json.JSONDecodeError as error:
        # The position is the decoder's own, behind the quote that was put before.
        place = at + min(max(error.pos - 1, 0), max(len(raw) - 1, 0))
        complaints.add(place, "no escape that JSON has", "write \\\\ for a backslash")
    return b""


def _skip(text: str, position: int) -> int:
    blank = _BLANK.match(text, position)
    return blank.end() if blank else position
