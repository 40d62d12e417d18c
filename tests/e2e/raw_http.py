"""Requests that no client would send: written byte by byte onto a connection."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from local.platform import LocalPlatform

SECONDS = 30.0
SIGNED = (
    b"Authorization: AWS4-HMAC-SHA256 Credential=test/20261125/us-east-1/execute-api/aws4_request, "
    b"SignedHeaders=host, Signature=00"
)
"""Enough, with its token, for a stack that doesn't check signatures."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def say(
    platform: LocalPlatform,
    method: str,
    path: bytes,
    body: bytes = b"",
    headers: Sequence[bytes] = (),
) -> Reply:
    """Send this very request; `path` goes as it is behind the API's own."""
    url = urlsplit(platform.api.base_url)
    token = platform.stack.environment["AWS_SESSION_TOKEN"]
    lines = [
        b"%s %s%s HTTP/1.1" % (method.encode(), url.path.encode(), path),
        b"Host: " + url.netloc.encode(),
        b"Connection: close",
        SIGNED,
        b"X-Amz-Security-Token: " + token.encode(),
        *headers,
        *([b"Content-Length: %d" % len(body)] if body else []),
    ]
    with socket.create_connection((url.hostname or "", url.port or 80), SECONDS) as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        answer = http.client.HTTPResponse(connection, method=method)
        answer.begin()
        return Reply(answer.status, answer.read())
