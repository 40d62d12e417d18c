"""A demo's numbers by the second, as GET /demo/<id>/metrics tells them bit by bit. Pure.

The API answers from a moment on, so that only what is new has to be asked for; here the pieces are
put together again. A number that nobody knows is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Number = float | None


class Series:
    """Columns of numbers that grow; index i is the period that begins at begin + i * period.

    Times are epoch seconds, `period` is in seconds. Empty until the first answer.
    """

    def __init__(self) -> None:
        self.begin = 0
        self.period = 0
        self.complete = False
        """Whether nothing will come any more."""
        self._columns: dict[str, list[Number]] = {}

    @property
    def end(self) -> int:
        """Up to when the numbers are known."""
        return self.begin + self._length * self.period

    @property
    def resume(self) -> dict[str, int]:
        """What to ask for next: the query of GET /demo/<id>/metrics."""
        return {"since": self.end, "period": self.period} if self.period else {}

    def add(self, answer: Mapping[str, Any]) -> None:
        """Take an answer in. One that doesn't go on where this ends replaces what there is."""
        follows = answer["period"] == self.period and self.begin <= answer["begin"] <= self.end
        if not follows:
            self.begin, self.period, self._columns = answer["begin"], answer["period"], {}
        self.complete = answer["complete"]
        known = (answer["begin"] - self.begin) // self.period
        length = max(self._length, known + (answer["end"] - answer["begin"]) // self.period)
        for name in {**self._columns, **answer["series"]}:
            column = self._columns.setdefault(name, [])
            column += [None] * (known - len(column))
            if name in answer["series"]:
                column[known:] = answer["series"][name]
            column += [None] * (length - len(column))

    def since(self, moment: int | None) -> dict[str, Any]:
        """An answer as the API's own, from `moment` on; all where that is before the beginning."""
        first = 0
        if self.period and moment is not None:
            first = min(self._length, max(0, (moment - self.begin) // self.period))
        return {
            "period": self.period,
            "begin": self.begin + first * self.period,
            "end": self.end,
            "complete": self.complete,
            "series": {name: column[first:] for name, column in self._columns.items()},
        }

    def of(self, name: str, begin: float | None = None, end: float | None = None) -> list[Number]:
        """A column, or its periods that begin within [begin, end)."""
        column = self._columns.get(name, [])
        if not self.period:
            return column
        first = 0 if begin is None else max(0, -int((self.begin - begin) // self.period))
        last = len(column) if end is None else max(0, -int((self.begin - end) // self.period))
        return column[first:last]

    @property
    def _length(self) -> int:
        return max(map(len, self._columns.values()), default=0)


def highest(column: Sequence[Number]) -> Number:
    """The highest number known; None if none is."""
    return max((number for number in column if number is not None), default=None)
