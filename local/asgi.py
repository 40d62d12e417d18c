"""Whole HTTP requests and answers on top of ASGI's messages.

The gateway reads some requests whole, asks the application behind it things of its own, and changes
some answers. It does so inside the process: the application is called like any other function.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlencode

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]
Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

DEPLOYED_API = r"/restapis/[^/]+/[^/]+/_user_request_"
"""Where MiniStack serves an API that was deployed (deployment/api_url.py): what its paths begin
with, as a regular expression."""

_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"content-encoding"})


@dataclass(frozen=True)
class Request:
    """A request with its whole body. `scope` has what ASGI knows besides."""

    scope: Mapping[str, Any]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of a repeated one, the last value."""
        pairs = parse_qs(self.scope["query_string"].decode(), keep_blank_values=True)
        return {name: values[-1] for name, values in pairs.items()}

    def asking(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: str
    ) -> Request:
        """Another request by the same caller: same credentials, hence same account and region."""
        content = b"" if body is None else json.dumps(body).encode()
        scope = {
            **self.scope,
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode(query).encode(),
        }
        return Request(scope, b"").with_body(content)

    def with_body(self, body: bytes) -> Request:
        """The request with another body, and with the headers that describe it put right."""
        return Request({**self.scope, "headers": _framed(self.scope["headers"], body)}, body)


@dataclass(frozen=True)
class Answer:
    """An answer with its whole body."""

    status: int
    headers: Headers
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the request was carried out."""
        return self.status < 400

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    def with_body(self, body: bytes) -> Answer:
        """The answer with another body, and with the headers that describe it put right."""
        return replace(self, headers=_framed(self.headers, body), body=body)

    async def send(self, send: Send) -> None:
        """Sends it over an ASGI connection."""
        head = {"type": "http.response.start", "status": self.status, "headers": [*self.headers]}
        await send(head)
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def _framed(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Headers:
    kept = (pair for pair in headers if pair[0].lower() not in _FRAMING)
    return (*kept, (b"content-length", str(len(body)).encode()))


def error(status: int, code: str, message: str) -> Answer:
    """An error in the shape of AWS's REST services, from which botocore takes code and message."""
    headers = ((b"content-type", b"application/json"), (b"x-amzn-errortype", code.encode()))
    return Answer(status, headers, b"").with_body(json.dumps({"message": message}).encode())


async def read(scope: Mapping[str, Any], receive: Receive) -> Request:
    """Reads a request to its end."""
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return Request(scope, b"".join(parts))


async def ask(application: Application, request: Request) -> Answer:
    """Has the application answer a request, and collects the answer."""
    unread: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]
    head: Message = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        return unread.pop() if unread else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
        else:
            parts.append(message.get("body", b""))

    await application(dict(request.scope), receive, send)
    return Answer(head["status"], tuple(head["headers"]), b"".join(parts))
