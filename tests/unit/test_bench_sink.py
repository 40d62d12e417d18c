"""The sink counts what comes and answers every request, however its bytes arrive."""

import asyncio
import json

import pytest

from bench.sink import Connection, Stream


class Wire(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data


def put_records(number: int) -> bytes:
    entries = [{"Data": "eA==", "PartitionKey": f"user-{n}"} for n in range(number)]
    body = json.dumps({"StreamName": "s", "Records": entries}).encode()
    head = (
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Kinesis_20131202.PutRecords\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def stream(refuse: float = 0.0) -> Stream:
    return Stream(refuse, lambda: None)


@pytest.mark.parametrize("piece", [1, 7, 100, 10_000])
def test_requests_are_answered_in_whatever_pieces_they_come(piece: int) -> None:
    answering, wire = stream(), Wire()
    connection = Connection(answering, 0.0)
    connection.connection_made(wire)
    sent = put_records(3) + put_records(2)
    for start in range(0, len(sent), piece):
        connection.data_received(sent[start : start + piece])
    assert (answering.tally.requests, answering.tally.accepted) == (2, 5)
    assert [number for _, number, _ in answering.tally.arrivals] == [3, 2]
    assert wire.written.count(b"HTTP/1.1 200 OK") == 2
    assert wire.written.count(b'"SequenceNumber"') == 5


def test_it_says_once_when_the_first_request_is_there() -> None:
    heard: list[str] = []
    answering = Stream(0.0, lambda: heard.append("first"))
    body = put_records(1).partition(b"\r\n\r\n")[2]
    answering.answer("ListShards", b"{}")
    assert heard == []
    answering.answer("PutRecords", body)
    answering.answer("PutRecords", body)
    assert heard == ["first"]


@pytest.mark.parametrize(("share", "refused"), [(0.0, 0), (0.25, 25), (0.5, 50), (1.0, 100)])
def test_the_asked_for_share_of_entries_is_refused(share: float, refused: int) -> None:
    answering = stream(share)
    for number in (1, 2, 3, 44, 50):
        body = put_records(number).partition(b"\r\n\r\n")[2]
        answer = json.loads(answering.answer("PutRecords", body)[1])
        codes = [entry.get("ErrorCode") for entry in answer["Records"]]
        assert answer["FailedRecordCount"] == number - codes.count(None)
    assert (answering.tally.refused, answering.tally.accepted) == (refused, 100 - refused)


def test_a_request_over_the_limit_of_entries_is_refused_whole() -> None:
    answering = stream()
    status, answer = answering.answer("PutRecords", put_records(501).partition(b"\r\n\r\n")[2])
    assert (status, json.loads(answer)["__type"]) == (400, "ValidationException")
    assert answering.tally.accepted == 0


@pytest.mark.parametrize("operation", ["ListShards", "DescribeStreamSummary", "PutMetricData"])
def test_the_other_calls_of_a_worker_are_answered(operation: str) -> None:
    status, answer = stream().answer(operation, b"{}")
    assert status == 200
    json.loads(answer)


def test_any_other_call_is_refused() -> None:
    assert stream().answer("GetRecords", b"{}")[0] == 400
