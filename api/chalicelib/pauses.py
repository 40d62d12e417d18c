"""Waiting for AWS to finish something: look, pause, look again, until a deadline."""

from __future__ import annotations

from collections.abc import Callable

_FIRST_SECONDS, _LONGEST_SECONDS = 0.1, 2.0


class Pauses:
    """The pauses between two looks, each twice as long as the one before, up to 2 s."""

    def __init__(
        self, clock: Callable[[], float], sleep: Callable[[float], None], seconds: float
    ) -> None:
        """`seconds` is how long all pauses together may take."""
        self._clock = clock
        self._sleep = sleep
        self._deadline = clock() + seconds
        self._next = _FIRST_SECONDS

    def another(self) -> bool:
        """Pauses, if there is time for it; whether there was."""
        if self._clock() + self._next > self._deadline:
            return False
        self._sleep(self._next)
        self._next = min(2 * self._next, _LONGEST_SECONDS)
        return True
