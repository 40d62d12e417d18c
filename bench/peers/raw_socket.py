"""The sink's ceiling: finished requests over plain sockets, answers searched for their verdict.

No signature, no encoding, no reading of single entries: nothing that sends records costs less.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import threading
from urllib.parse import urlsplit

from aws_kinesis_agg.aggregator import RecordAggregator

from bench.peers.frame import STREAM, Order, read_order, report
from bench.peers.kinesis_agg import AGGREGATE_BYTES, AGGREGATES_PER_CALL
from bench.peers.posts import Post, posts

CONNECTIONS = 4
RECORDS_PER_CALL = 500
_LENGTH = re.compile(rb"Content-Length: (\d+)")
_RECEIVE = 1 << 18


class Load(threading.Thread):
    """One connection that sends the same request again and again."""

    def __init__(
        self, order: Order, address: tuple[str, int], request: bytes, records: int
    ) -> None:
        super().__init__(daemon=True)
        self._order = order
        self._socket = socket.create_connection(address)
        self._request = request
        self._records = records
        self.delivered = 0

    def run(self) -> None:
        while not self._order.over:
            self._socket.sendall(self._request)
            if b'"FailedRecordCount":0' in self._answer():
                self.delivered += self._records

    def _answer(self) -> bytes:
        received = b""
        while True:
            received += self._socket.recv(_RECEIVE)
            head, separator, body = received.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if separator and length and len(body) >= int(length[1]):
                return body


def main() -> None:
    order = read_order()
    url = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    supply = posts(order.post_bytes)
    entries, records = _aggregates(supply) if order.aggregated else _entries(supply)
    request = _request(entries)
    loads = [
        Load(order, (url.hostname or "", url.port or 0), request, records)
        for _ in range(CONNECTIONS)
    ]
    for load in loads:
        load.start()
    for load in loads:
        load.join()
    report(sum(load.delivered for load in loads))


def _entries(supply: list[Post]) -> tuple[list[dict[str, str]], int]:
    chosen = supply[:RECORDS_PER_CALL]
    return [_entry(post.data, post.partition_key) for post in chosen], len(chosen)


def _aggregates(supply: list[Post]) -> tuple[list[dict[str, str]], int]:
    aggregator = RecordAggregator(AGGREGATE_BYTES)
    made = [aggregator.add_user_record(post.partition_key, post.data) for post in supply]
    full = [aggregate for aggregate in made if aggregate is not None][:AGGREGATES_PER_CALL]
    entries = [_entry(a.get_contents()[2], a.get_partition_key()) for a in full]
    return entries, sum(a.get_num_user_records() for a in full)


def _entry(data: bytes, partition_key: str) -> dict[str, str]:
    return {"Data": base64.b64encode(data).decode(), "PartitionKey": partition_key}


def _request(entries: list[dict[str, str]]) -> bytes:
    body = json.dumps({"StreamName": STREAM, "Records": entries}).encode()
    head = (
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "X-Amz-Target: Kinesis_20131202.PutRecords\r\n"
        "Content-Type: application/x-amz-json-1.1\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    main()
