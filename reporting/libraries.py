"""What only some commands need, and a checkout may lack: missed with a word, not with a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class LibraryMissing(Exception):
    """A library that only this command needs isn't there; the message says how to get it."""


@contextmanager
def libraries(needed_for: str, which: str) -> Iterator[None]:
    """Raise LibraryMissing for what can't be imported; `which` are all that may be meant."""
    try:
        yield
    except ImportError as error:
        raise LibraryMissing(
            f"{needed_for} {error.name}, which isn't installed: run `make check` in the checkout "
            f"once, or install {which}"
        ) from error
