"""A caller's value in a message, whatever it is, in a few characters. Pure."""

from __future__ import annotations

from collections.abc import Mapping

MOST = 40
"""Characters of it."""


def shown(value: object) -> str:
    """The value as JSON has it; Python refuses to print very long numbers."""
    if isinstance(value, int) and abs(value) >= 10**MOST:
        return "a number far too large"
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "an object"
    text = "null" if value is None else f"{value!r:.{MOST}}"
    return {"True": "true", "False": "false"}.get(text, text)
