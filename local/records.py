"""Reads a record template before a stack is started for it, by the rules that the API goes by."""

from __future__ import annotations

from client.plans import BadPlan
from client.records import read_record
from worker.template import BadTemplate, parse


def checked_record(name: str) -> str:
    """Return the template's text. BadPlan names the file, and each mistake by its place."""
    text = read_record(name)
    try:
        parse(text)
    except BadTemplate as error:
        raise BadPlan("\n".join(f"{name}, {problem}" for problem in error.problems)) from None
    return text
