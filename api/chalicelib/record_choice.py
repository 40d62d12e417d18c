"""What a demo's records are, as its input asks for it: posts, or a user's own template. Pure.

The template travels as the text that it is: in POST's body, the execution's input, demo_state, and
the tasks' environment. It is read anew wherever it comes from outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from chalicelib.errors import FieldProblem
from chalicelib.template import BadTemplate, Template, parse

RECORD = "record"
KEYS = frozenset({RECORD})
_FORM = 'the text of a template, such as "{\\"template\\": {\\"id\\": \\"{{uuid}}\\"}}"'


def problems(config: Mapping[str, object], *, may_be_null: bool = False) -> Iterator[FieldProblem]:
    """What is wrong with the key, by line and column; an execution's input may say null."""
    text = config.get(RECORD)
    if RECORD not in config or (text is None and may_be_null):
        return
    if not isinstance(text, str):
        yield FieldProblem(RECORD, "is no text", f"give {_FORM}")
        return
    try:
        _parsed(text)
    except BadTemplate as error:
        for problem in error.problems:
            yield FieldProblem(RECORD, f"{problem.where}: {problem.reason}", problem.advice)


def read(config: Mapping[str, Any]) -> str | None:
    """The template's text in an input that has no problems; None for posts."""
    text: str | None = config.get(RECORD)
    return text


def to_json(text: str | None) -> dict[str, Any]:
    """The key, as an execution's input and a demo_state carry it; they leave it out for posts."""
    return {} if text is None else {RECORD: text}


def shown(text: str | None) -> dict[str, Any]:
    """What the API's answers say of it: how long records are, which is what they cost by."""
    if text is None:
        return {RECORD: None}
    template = _parsed(text)
    return {RECORD: {"mean_bytes": template.mean_bytes, "most_bytes": template.most_bytes}}


def mean_bytes(text: str | None) -> int | None:
    """The mean length of the template's records; None for posts."""
    return None if text is None else _parsed(text).mean_bytes


@lru_cache(maxsize=32)
def _parsed(text: str) -> Template:
    return parse(text)
