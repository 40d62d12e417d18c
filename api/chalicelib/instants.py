"""Moments: epoch seconds inside, ISO 8601 in UTC with a Z outside. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(epoch_seconds: float) -> str:
    """The moment as ISO 8601, to the millisecond; whole seconds have no fraction."""
    moment = datetime.fromtimestamp(round(epoch_seconds, 3), UTC)
    text = moment.isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.removesuffix(".000") + "Z"


def epoch(text: str) -> float:
    """The moment that an ISO 8601 text with an offset names; ValueError if it names none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return moment.timestamp()
