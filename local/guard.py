"""Who may use the embedded AWS: whoever holds its session token.

MiniStack takes any key, and its port can be reached by every user of this machine and, blindly, by
every page in this user's browser. Neither would find a toy there: a Lambda function is a program
that runs as the user who started the stack, and so is a task. So a stack makes a session token when
it starts, which every client of it has in AWS_SESSION_TOKEN and sends as SDKs do, and what comes
without it never gets to MiniStack.

Two kinds of requests need no token: whether the stack is ready, and calls of a deployed API without
any signature, which its own guard lets in or not (`deploy.sh --auth none`). With AUTH=true the keys
that MiniStack itself gave out pass too: it checks their signatures.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from local.asgi import DEPLOYED_API, Application, Message, Receive, Send, error

READY = "/_ministack/ready"
_API = re.compile(rf"{DEPLOYED_API}(/.*)?")
_KEY = re.compile(r"AWS4-HMAC-SHA256 +Credential=((?:AKIA|ASIA)[0-9A-Z]{12,})/")
"""A key by which MiniStack looks for its user or session; any other may be the account's root."""
REFUSAL = error(
    403,
    "UnrecognizedClientException",
    "this stack takes requests with its own session token only: set AWS_SESSION_TOKEN as `make up` "
    "says",
)


@dataclass(frozen=True)
class Guard:
    """An application for holders of the token."""

    application: Application
    token: str = field(repr=False)
    checks_signatures: bool = False
    """MiniStack's AUTH=true."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serves one ASGI connection."""
        if scope["type"] == "lifespan" or self.lets_in(scope):
            await self.application(scope, receive, send)
        elif scope["type"] == "http":
            await REFUSAL.send(send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def lets_in(self, scope: Mapping[str, Any]) -> bool:
        """Whether a request may go on."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if _is(self.token, _tokens(scope, headers)):
            return True
        if scope["type"] != "http":
            return False
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if self.checks_signatures and _KEY.match(authorization):
            return True
        return not authorization and _needs_no_key(scope, headers)


def _tokens(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> Iterable[bytes]:
    """The tokens of a request, which a presigned one has in its address."""
    if b"x-amz-security-token" in headers:
        yield headers[b"x-amz-security-token"]
    elif b"X-Amz-Security-Token" in scope["query_string"]:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        yield from (token.encode() for token in query.get("X-Amz-Security-Token", ()))


def _is(token: str, given: Iterable[bytes]) -> bool:
    return any(hmac.compare_digest(token.encode(), each) for each in given)


def _needs_no_key(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
    if scope["path"] == READY:
        return bool(scope["method"] == "GET")
    # A target would make it a call of a service, whatever its path says.
    return bool(_API.fullmatch(scope["path"])) and b"x-amz-target" not in headers
