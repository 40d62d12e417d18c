"""A plain server that answers PutRecords as fast as Python can, and keeps count of what came.

    python -m bench.sink [--tls-chain FILE] [--latency SECONDS] [--refuse SHARE]

It listens on a free port of 127.0.0.1 and speaks to its parent by pipes: a line of JSON when it
listens (`{"port": …}`), one when the first PutRecords is there, and, once its standard input ends,
the report: what came, when, and what it cost to take it. Times are CLOCK_MONOTONIC, which all
processes of a machine share.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import re
import resource
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import cast

from bench import wire

HOST = "127.0.0.1"
BACKLOG = 1024

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target: *[^.\r]+\.(\w+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


@dataclass
class Tally:
    """What came. Counts are user records, `entries` what PutRecords calls records."""

    requests: int = 0
    entries: int = 0
    accepted: int = 0
    refused: int = 0
    wire_bytes: int = 0
    arrivals: list[tuple[int, int, int]] = field(default_factory=list)
    """Per request: monotonic nanoseconds at which it was there, records accepted, refused."""


class Stream:
    """The answering half: one stream of four shards, and its tally."""

    def __init__(self, refuse: float, on_first: Callable[[], None]) -> None:
        """`refuse` is the share of entries that are refused, 0 to 1, evenly spread."""
        self.tally = Tally()
        self._refuse = refuse
        self._on_first = on_first

    def answer(self, operation: str, body: bytes) -> tuple[int, bytes]:
        """Return the HTTP status and body for one call."""
        if operation == "PutRecords":
            return self._put_records(body)
        if operation == "ListShards":
            return 200, wire.list_shards()
        if operation == "DescribeStreamSummary":
            return 200, wire.stream_summary()
        if operation == "PutMetricData":
            return 200, b"{}"
        return 400, b'{"__type":"UnknownOperationException","message":"not served by this sink"}'

    def _put_records(self, body: bytes) -> tuple[int, bytes]:
        tally = self.tally
        now_ns = time.monotonic_ns()
        try:
            entries = wire.read_entries(body)
        except wire.BadRequest as error:
            return 400, json.dumps(
                {"__type": "ValidationException", "message": str(error)}
            ).encode()
        if len(entries.shards) > wire.MAX_ENTRIES:
            return 400, b'{"__type":"ValidationException","message":"more than 500 records"}'
        if not tally.requests:
            self._on_first()
        tally.requests += 1
        refused = self._refusals(len(entries.shards)) if self._refuse else None
        tally.entries += len(entries.shards)
        tally.wire_bytes += len(body)
        if refused is None:
            tally.accepted += entries.user_records
            tally.arrivals.append((now_ns, entries.user_records, 0))
            return 200, wire.accept_all(entries.shards, tally.requests)
        number = entries.records or [1] * len(refused)
        lost = sum(n for n, no in zip(number, refused, strict=True) if no)
        tally.refused += lost
        tally.accepted += entries.user_records - lost
        tally.arrivals.append((now_ns, entries.user_records - lost, lost))
        return 200, wire.accept_some(entries.shards, refused, tally.requests)

    def _refusals(self, number: int) -> list[bool]:
        """Which of the next entries are refused: of any n, round(n · share)."""
        done = self.tally.entries
        shares = [int((done + i) * self._refuse) for i in range(number + 1)]
        return [after > before for before, after in pairwise(shares)]


class Connection(asyncio.Protocol):
    """One keep-alive connection: requests in, answers out, in order."""

    def __init__(self, stream: Stream, latency: float) -> None:
        """`latency`: seconds between a request's arrival and its answer."""
        self._stream = stream
        self._latency = latency
        self._received = bytearray()
        self._wanted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= self._wanted and self._take():
            pass

    def _take(self) -> bool:
        """Answer the first request if it is there whole."""
        received = self._received
        end = received.find(_HEAD_END)
        if end < 0:
            return False
        head = bytes(received[: end + 2])
        length = _LENGTH.search(head)
        start = end + len(_HEAD_END)
        self._wanted = start + (int(length[1]) if length else 0)
        if len(received) < self._wanted:
            return False
        body = bytes(memoryview(received)[start : self._wanted])
        del received[: self._wanted]
        self._wanted = 0
        target = _TARGET.search(head)
        self._reply(*self._stream.answer(target[1].decode() if target else "", body))
        return True

    def _reply(self, status: int, body: bytes) -> None:
        reason = "OK" if status == 200 else "Bad Request"
        number = self._stream.tally.requests
        head = (
            f"HTTP/1.1 {status} {reason}\r\n"
            f"x-amzn-RequestId: e5a7d2a0-0000-4000-8000-{number:012d}\r\n"
            f"x-amz-id-2: {number:032d}\r\n"
            "Content-Type: application/x-amz-json-1.1\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        if self._latency:
            loop = asyncio.get_running_loop()
            loop.call_later(self._latency, self._transport.write, head + body)
        else:
            self._transport.write(head + body)


async def serve(tls_chain: Path | None, latency: float, refuse: float) -> Tally:
    """Answer until standard input ends; return the tally."""
    stream = Stream(refuse, lambda: _tell({"event": "first"}))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(stream, latency), HOST, 0, backlog=BACKLOG, ssl=_context(tls_chain)
    )
    _tell({"port": server.sockets[0].getsockname()[1]})
    over = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), over.set)
    await over.wait()
    server.close()
    return stream.tally


def _context(tls_chain: Path | None) -> ssl.SSLContext | None:
    """A server's TLS with the certificate and key in that file; None: plain HTTP."""
    if tls_chain is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls_chain)
    return context


def _tell(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


def main() -> None:
    """Run the sink that the command line describes, then report."""
    parser = argparse.ArgumentParser(prog="python -m bench.sink")
    parser.add_argument("--tls-chain", type=Path, help="PEM file: certificate and private key")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--refuse", type=float, default=0.0, help="share of entries, 0 to 1")
    arguments = parser.parse_args()
    # Nothing here is cyclic garbage, and a long log makes looking for it dear.
    gc.disable()
    tally = asyncio.run(serve(arguments.tls_chain, arguments.latency, arguments.refuse))
    used = resource.getrusage(resource.RUSAGE_SELF)
    _tell({**vars(tally), "cpu_seconds": used.ru_utime + used.ru_stime})


if __name__ == "__main__":
    main()
