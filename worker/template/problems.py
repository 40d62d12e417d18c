"""What can be wrong with a template, and where: all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake; line and column count characters from 1."""

    line: int
    column: int
    reason: str
    advice: str
    """What to try."""

    @property
    def where(self) -> str:
        return f"line {self.line}, column {self.column}"

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}: {self.advice}"


class BadTemplate(Exception):
    """A text that is no template; `problems` are all that could be found, in its order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("; ".join(map(str, self.problems)))


MOST_TOLD = 20
"""Mistakes; who made more has another look after these."""


class Complaints:
    """Collects what is wrong with one text, MOST_TOLD at the most."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.problems: list[Problem] = []

    @property
    def full(self) -> bool:
        """Whether more mistakes would not be told."""
        return len(self.problems) >= MOST_TOLD

    def add(self, at: int, reason: str, advice: str) -> None:
        """Note a mistake at that place of the text, counted in characters from 0."""
        if self.full:
            return
        before = self._text[:at]
        line = before.count("\n") + 1
        column = at - (before.rfind("\n") + 1) + 1
        self.problems.append(Problem(line, column, reason, advice))

    def raise_any(self) -> None:
        """Raise BadTemplate if anything was noted."""
        if self.problems:
            raise BadTemplate(self.problems)


def shown(text: str, most: int = 40) -> str:
    """A piece of the user's text in a message, in quotes and not too long."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")
