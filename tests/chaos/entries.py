"""Faults in single entries of PutRecords, which microburst doesn't know: refused, or lied about.

A server between a worker and its stream. Of each request that a fault strikes, it forwards the
entries that are to be stored and puts the answer together as the fault has it. It counts what it
did, so that a test knows to the entry what is in the stream and what the worker was told.

    python -m tests.chaos.entries --socket <file descriptor> --upstream <URL>
"""

from __future__ import annotations

import argparse
import random
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from tests.chaos.served import Served, end_with_parent

MOST_BODY_BYTES = 16 * 1024 * 1024
PUT_RECORDS = "Kinesis_20131202.PutRecords"
CONTENT_TYPE = "application/x-amz-json-1.1"
_DROPPED = {"host", "content-length", "transfer-encoding", "connection"}


@dataclass(frozen=True)
class Fault:
    """What becomes of requests, until it has struck `times` of them (None: for good)."""

    share: float = 0.0
    """Of the entries of a request: how many are struck, by chance."""
    refused_as: str | None = None
    """The ErrorCode that the struck entries are answered with; None: as if they were taken."""
    stored: bool = False
    """Whether the struck entries are stored all the same."""
    entries_more: int = 0
    """How many entries the answer has too many; below 0, too few."""
    failed_count: int | None = None
    """What FailedRecordCount says, whatever the entries say."""
    times: int | None = None


NONE = Fault(times=0)


@dataclass
class Done:
    """What was done since the fault was set."""

    requests: int = 0
    """Requests that a fault struck."""
    entries: int = 0
    """Entries that were struck."""
    stored: int = 0
    """Entries that were stored, of any request."""


class EntryFaults(Served):
    """The server as a process."""

    module = "tests.chaos.entries"
    control = "/_entries"

    def set(self, fault: Fault) -> None:
        """From now on this, and count anew."""
        self.ask("POST", self.control, asdict(fault))

    def lift(self) -> None:
        """No fault from now on; count on."""
        self.ask("POST", f"{self.control}/lift")

    def done(self) -> Done:
        return Done(**self.ask("GET", self.control))


class _Server:
    """The server's side."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._fault = NONE
        self._done = Done()
        self._chance = random.Random(1)  # noqa: S311 (which entries, not secrets)
        self._session: aiohttp.ClientSession | None = None

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MOST_BODY_BYTES)
        app.on_startup.append(self._open)
        app.on_cleanup.append(self._close)
        app.router.add_post(EntryFaults.control, self._set)
        app.router.add_post(f"{EntryFaults.control}/lift", self._lift)
        app.router.add_get(EntryFaults.control, self._tell)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        return app

    async def _open(self, _: web.Application) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False)

    async def _close(self, _: web.Application) -> None:
        if self._session is not None:
            await self._session.close()

    async def _set(self, request: web.Request) -> web.Response:
        self._fault = Fault(**await request.json())
        self._done = Done()
        return web.json_response({})

    async def _lift(self, _: web.Request) -> web.Response:
        self._fault = NONE
        return web.json_response({})

    async def _tell(self, _: web.Request) -> web.Response:
        return web.json_response(asdict(self._done))

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("X-Amz-Target") != PUT_RECORDS:
            return await self._forward(request, body)
        asked = orjson.loads(body)
        fault = self._fault
        if fault.times is not None and self._done.requests >= fault.times:
            self._done.stored += len(asked["Records"])
            return await self._forward(request, body)
        self._done.requests += 1
        return await self._struck(request, asked, fault)

    async def _struck(
        self, request: web.Request, asked: Mapping[str, Any], fault: Fault
    ) -> web.Response:
        entries = asked["Records"]
        struck = [self._chance.random() < fault.share for _ in entries]
        self._done.entries += sum(struck)
        kept = [e for e, hit in zip(entries, struck, strict=True) if fault.stored or not hit]
        self._done.stored += len(kept)
        taken = iter(await self._store(request, {**asked, "Records": kept}))
        answers = []
        for hit in struck:
            truth = next(taken) if fault.stored or not hit else None
            answers.append(_said(fault) if hit else truth)
        return _answered(answers, fault)

    async def _store(self, request: web.Request, asked: Mapping[str, Any]) -> list[Any]:
        if not asked["Records"]:
            return []
        answer = await self._forward(request, orjson.dumps(asked))
        assert answer.status == 200, answer.body
        assert isinstance(answer.body, bytes)
        found: list[Any] = orjson.loads(answer.body)["Records"]
        return found

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        assert self._session is not None
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _DROPPED}
        url = f"{self._upstream}{request.rel_url.raw_path_qs}"
        async with self._session.request(request.method, url, headers=headers, data=body) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _DROPPED}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())


def _said(fault: Fault) -> dict[str, str]:
    """What a struck entry is answered with."""
    if fault.refused_as is None:
        return {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}
    return {"ErrorCode": fault.refused_as, "ErrorMessage": "a fault of the suite"}


def _answered(answers: list[Any], fault: Fault) -> web.Response:
    failed = sum("ErrorCode" in answer for answer in answers)
    if fault.entries_more < 0:
        answers = answers[: fault.entries_more]
    answers = [*answers, *answers[:1] * fault.entries_more]
    counted = failed if fault.failed_count is None else fault.failed_count
    body = orjson.dumps({"FailedRecordCount": counted, "Records": answers})
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


def main() -> None:
    """Serve until it is killed, or the parent is gone."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.entries")
    parser.add_argument("--socket", required=True, type=int, help="a listening socket's descriptor")
    parser.add_argument("--upstream", required=True, help="where requests go")
    arguments = parser.parse_args()
    end_with_parent()
    listener = socket.socket(fileno=arguments.socket)
    server = _Server(arguments.upstream)
    web.run_app(
        server.application(), sock=listener, access_log=None, print=None, shutdown_timeout=0.1
    )


if __name__ == "__main__":
    main()
