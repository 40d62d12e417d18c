"""Shard iterators and page tokens: opaque texts that name a stream, and that expire.

Source: botocore's model `kinesis`, GetShardIterator (five minutes) and ListShards (300 seconds).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

from local.kinesis.requests import Refusal

LIFE_SECONDS = 300.0
_ITERATOR, _PAGE = "iterator", "page"


@dataclass(frozen=True)
class ShardIterator:
    """A position in a shard; `issued` is epoch seconds, here and below."""

    stream: str
    issued: float
    shard_id: str
    position: int

    def __str__(self) -> str:
        return _sealed(_ITERATOR, self.stream, self.issued, self.shard_id, str(self.position))


@dataclass(frozen=True)
class Page:
    """Where a list of shards goes on: after which shard, and with which filter (JSON)."""

    stream: str
    issued: float
    after: str
    shard_filter: str

    def __str__(self) -> str:
        return _sealed(_PAGE, self.stream, self.issued, self.after, self.shard_filter)


def stream_of(text: str) -> str:
    """The stream that an iterator or a page token belongs to.

    Empty if it isn't one of ours: MiniStack gives out others for the streams that it keeps.
    """
    parts = _opened(text)
    return parts[1] if len(parts) > 1 else ""


def iterator_of(text: str, now: float) -> ShardIterator:
    """The iterator that was given out as this text; Refusal if none was, or long ago."""
    kind, name, issued, shard_id, position = _parts(text)
    if kind != _ITERATOR:
        raise Refusal("InvalidArgumentException", "Invalid ShardIterator.")
    found = ShardIterator(name, float(issued), shard_id, int(position))
    if now - found.issued > LIFE_SECONDS:
        raise Refusal("ExpiredIteratorException", _too_late("Iterator", "iterator", issued, now))
    return found


def page_of(text: str, now: float) -> Page:
    """The page that a list goes on with; Refusal if the token is none, or old."""
    kind, name, issued, after, shard_filter = _parts(text)
    if kind != _PAGE:
        raise Refusal("InvalidArgumentException", "Invalid NextToken.")
    found = Page(name, float(issued), after, shard_filter)
    if now - found.issued > LIFE_SECONDS:
        raise Refusal("ExpiredNextTokenException", _too_late("NextToken", "token", issued, now))
    return found


def _too_late(what: str, it: str, issued: str, now: float) -> str:
    return (
        f"{what} expired. The {it} was created at time {_clock(float(issued))} while right now it "
        f"is {_clock(now)} which is further in the future than the tolerated delay of "
        f"{LIFE_SECONDS * 1000:.0f} milliseconds."
    )


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")


def _sealed(kind: str, stream: str, issued: float, *rest: str) -> str:
    text = "\n".join((kind, stream, f"{issued:.3f}", *rest))
    return base64.urlsafe_b64encode(text.encode()).decode()


def _opened(text: str) -> list[str]:
    try:
        parts = base64.urlsafe_b64decode(text.encode()).decode().split("\n")
    except ValueError:
        return []
    return parts if len(parts) == 5 and parts[0] in (_ITERATOR, _PAGE) else []


def _parts(text: str) -> list[str]:
    return _opened(text) or ["", "", "", "", ""]
