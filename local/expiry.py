"""Has MiniStack look for what is too old once a minute instead of at every request.

Every PutRecords looks at all records that its stream holds, and every CloudWatch call at all data
points there are. With a million records that is a tenth of a second a request, and nothing else is
answered meanwhile. They are kept for a day and for two weeks: a minute more changes nothing.

These are names inside the pinned version of MiniStack; another one that lacks them is refused.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from typing import Any

EVERY_SECONDS = 60.0
LOOKS = (("ministack.services.cloudwatch", "_evict_old_metrics"),)


def look_seldom() -> None:
    """Replace MiniStack's looks by seldom ones; AttributeError if there are none of that name."""
    for module_name, name in LOOKS:
        module = importlib.import_module(module_name)
        setattr(module, name, Seldom(getattr(module, name), EVERY_SECONDS, time.monotonic))


class Seldom:
    """A function that is carried out once in `seconds`, for each stream if it takes one."""

    def __init__(
        self, look: Callable[..., None], seconds: float, clock: Callable[[], float]
    ) -> None:
        self._look = look
        self._seconds = seconds
        self._clock = clock
        self._next: dict[str, float] = {}

    def __call__(self, *stream: Mapping[str, Any]) -> None:
        key = str(stream[0]["StreamARN"]) if stream else ""
        now = self._clock()
        if now >= self._next.get(key, 0.0):
            self._next[key] = now + self._seconds
            self._look(*stream)
