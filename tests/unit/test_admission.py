"""Few requests are with the API at once, more wait in line, and the rest is refused as on AWS."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest

from local.admission import MAX_BODY_BYTES, Admission, is_for_the_api
from local.asgi import Application, Message, Receive, Send

SCOPE = {"type": "http", "path": "/restapis/ab12/api/_user_request_/demo"}


def receiving(parts: Iterable[bytes]) -> Receive:
    """A request's body in these parts, and then the end of the connection."""
    bodies = list(parts)
    unread: list[Message] = [
        {"type": "http.request", "body": body, "more_body": index < len(bodies)}
        for index, body in enumerate(bodies, start=1)
    ]

    async def receive() -> Message:
        return unread.pop(0) if unread else {"type": "http.disconnect"}

    return receive


async def answered(
    admission: Admission, application: Application, parts: Iterable[bytes] = (b"",)
) -> tuple[int, bytes]:
    """Status and body of what comes back."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await admission.answer(application, dict(SCOPE), receiving(parts), send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def echo(_: Message, receive: Receive, send: Send) -> None:
    """Answers with the body, and with what comes after it."""
    body = await receive()
    after = await receive()
    assert not body["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body["body"] + after["type"].encode()})


class Held:
    """An application that answers when it is told to, and counts who is in it."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.inside = self.most = 0

    async def __call__(self, _: Message, __: Receive, send: Send) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.go.wait()
        self.inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/restapis/ab12/api/_user_request_/demo", True),
        ("/restapis/ab12/api/_user_request_", True),
        ("/restapis/ab12/api/_user_request_more", False),
        ("/restapis/ab12/stages", False),
        ("/", False),
    ],
)
def test_only_requests_to_a_deployed_api_wait_in_line(path: str, expected: bool) -> None:
    assert is_for_the_api({"type": "http", "path": path}) is expected
    assert not is_for_the_api({"type": "lifespan"})


def test_an_application_gets_the_whole_body_as_if_nobody_had_read_it() -> None:
    got = asyncio.run(answered(Admission(), echo, [b"ab", b"", b"cd"]))
    assert got == (200, b"abcdhttp.disconnect")


def test_a_body_of_api_gateways_limit_is_taken_and_a_byte_more_is_refused_by_its_name() -> None:
    half = b" " * (MAX_BODY_BYTES // 2)
    status, body = asyncio.run(answered(Admission(), echo, [half, half]))
    assert (status, len(body)) == (200, MAX_BODY_BYTES + len("http.disconnect"))
    status, body = asyncio.run(answered(Admission(), echo, [half, half, b" "]))
    assert status == 413
    assert json.loads(body) == {"message": "HTTP content length exceeded 10485760 bytes."}


def test_what_is_beyond_the_line_is_refused_and_the_line_is_served_in_full() -> None:
    async def crowd() -> tuple[list[tuple[int, bytes]], Held, list[Any]]:
        application, admission = Held(), Admission(at_once=2, in_line=3)
        waiting = [asyncio.create_task(answered(admission, application)) for _ in range(5)]
        await asyncio.sleep(0)
        refused = [await answered(admission, application) for _ in range(4)]
        application.go.set()
        served = await asyncio.gather(*waiting)
        again = [await answered(admission, application)]
        return refused, application, [*served, *again]

    refused, application, served = asyncio.run(crowd())
    assert refused == [(429, b'{"message": "Too Many Requests"}')] * 4
    assert served == [(200, b"{}")] * 6
    assert application.most == 2


def test_a_request_that_fails_gives_its_turn_back() -> None:
    async def fail(*_: Any) -> None:
        raise ZeroDivisionError

    async def many() -> tuple[int, bytes]:
        admission = Admission(at_once=1, in_line=0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await answered(admission, fail)
        return await answered(admission, echo)

    assert asyncio.run(many())[0] == 200
