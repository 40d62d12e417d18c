"""Only who holds its token gets into the embedded AWS."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from local.guard import READY, Guard

TOKEN = "the stack's own"  # noqa: S105
API = "/restapis/a1b2/api/_user_request_/demo"
SIGNED = "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/lambda/aws4_request, Signature=0"


def http(path: str = "/", method: str = "POST", query: str = "", **headers: str) -> dict[str, Any]:
    pairs = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": pairs,
    }


async def never(*_: object) -> None:
    raise AssertionError("it got in")


def answered(scope: dict[str, Any]) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("its body was read")

    asyncio.run(Guard(never, TOKEN)(scope, receive, send))
    return sent


@pytest.mark.parametrize(
    "scope",
    [
        http(x_amz_security_token=TOKEN),
        http(query="X-Amz-Security-Token=the%20stack%27s+own"),
        http(API),
        http(READY, "GET"),
    ],
)
def test_who_has_the_token_is_let_in_and_what_needs_none(scope: dict[str, Any]) -> None:
    assert Guard(never, TOKEN).lets_in(scope)


@pytest.mark.parametrize(
    "scope",
    [
        http(),
        http("/2015-03-31/functions", content_type="text/plain", origin="https://a.example"),
        http("/2015-03-31/functions", authorization=SIGNED.format("test")),
        http("/2015-03-31/functions", authorization=SIGNED.format("AKIAIOSFODNN7EXAMPLE")),
        http(x_amz_security_token=TOKEN[:-1]),
        http(x_amz_security_token=f"{TOKEN}é"),
        http(query="X-Amz-Security-Token=other"),
        http(API, authorization=SIGNED.format("test")),
        http(API, x_amz_target="Kinesis_20131202.DeleteStream"),
        http("/restapis/a1b2/api/_user_request_x"),
        http(READY, "POST"),
        http("/_ministack/reset"),
        http("/2015-03-31/functions", "OPTIONS", origin="https://a.example"),
    ],
)
def test_anybody_else_is_refused_before_anything_is_read(scope: dict[str, Any]) -> None:
    head, body = answered(scope)
    assert head["status"] == 403
    assert b"AWS_SESSION_TOKEN" in body["body"]
    assert TOKEN.encode() not in body["body"]


def test_no_socket_is_opened_without_it() -> None:
    assert answered({**http(), "type": "websocket"}) == [{"type": "websocket.close", "code": 1008}]


def test_keys_that_ministack_gave_out_pass_where_it_checks_them_and_its_roots_do_not() -> None:
    guard = Guard(never, TOKEN, checks_signatures=True)
    for key, passes in (("AKIAIOSFODNN7EXAMPLE", True), ("test", False), ("000000000000", False)):
        assert guard.lets_in(http(authorization=SIGNED.format(key))) is passes


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(Guard(never, TOKEN))
