"""How many requests to the deployed API are let in at once, and how large one may be.

MiniStack gives every request that arrives while others are under way a Lambda process of its own:
some 50 MB, and half a second of a CPU to start. Two hundred requests a second made two hundred
processes and 9 GB on two CPUs, and answered nearly none within a minute. So a few are let in, more
wait in line, and what goes beyond is refused as API Gateway refuses it: 429.

A body beyond API Gateway's quota (10 MB: Amazon API Gateway developer guide, quotas for REST APIs)
is read to its end and refused, so that who sends it gets the answer. MiniStack takes any.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from local.asgi import DEPLOYED_API, Application, Message, Receive, Send, error

AT_ONCE = 8
"""Processes that answer: enough for some that are held up by what they ask."""

IN_LINE = 250
"""Beside slow ones, of 70 ms, it takes 5 s until the last one's turn; API Gateway waits for 29."""

MAX_BODY_BYTES = 10 * 1024 * 1024

_TO_THE_API = re.compile(rf"{DEPLOYED_API}(/|$)")

_TOO_MANY = error(429, "TooManyRequestsException", "Too Many Requests")
_TOO_LARGE = error(
    413, "RequestTooLargeException", f"HTTP content length exceeded {MAX_BODY_BYTES} bytes."
)


def is_for_the_api(scope: Mapping[str, Any]) -> bool:
    """Whether a request is for a deployed API, not for one of AWS's own."""
    return scope["type"] == "http" and _TO_THE_API.match(scope["path"]) is not None


class Admission:
    """The line before an application."""

    def __init__(self, at_once: int = AT_ONCE, in_line: int = IN_LINE) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._room = at_once + in_line

    async def answer(
        self, application: Application, scope: Message, receive: Receive, send: Send
    ) -> None:
        """Has the application answer a request when it is its turn, or refuses it."""
        body = await _body(receive)
        if body is None:
            await _TOO_LARGE.send(send)
        elif not self._room:
            await _TOO_MANY.send(send)
        else:
            self._room -= 1
            try:
                async with self._turns:
                    await application(scope, _again(body, receive), send)
            finally:
                self._room += 1


async def _body(receive: Receive) -> bytes | None:
    """A request's whole body; None if it is too large, and then nothing of it is kept."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        more = message.get("more_body", False)
        if size <= MAX_BODY_BYTES:
            parts.append(part)
        else:
            parts.clear()
    return b"".join(parts) if size <= MAX_BODY_BYTES else None


def _again(body: bytes, receive: Receive) -> Receive:
    """The body as if it had not been read yet; after it, whatever really comes."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return unread.pop() if unread else await receive()

    return read
