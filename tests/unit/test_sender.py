"""An answer of Kinesis is read entry by entry; what can't be read counts as no answer."""

import base64
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import NoCredentialsError, ReadTimeoutError

from worker.ledger import Cause
from worker.record import Entry, Record
from worker.sender import KinesisSender, kinesis_client

RECORDS = [Record(f"data-{n}".encode(), f"key-{n}", 0) for n in range(3)]
TAKEN = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}


class Raw(BytesIO):
    def stream(self) -> Any:
        yield self.read()


class Service:
    """A sender whose client answers from here instead of the network."""

    def __init__(self) -> None:
        client = kinesis_client("us-east-1", connections=1)
        self.sender = KinesisSender(client, "s")
        self.requests: list[AWSPreparedRequest] = []
        self.answer: Callable[[], tuple[int, bytes]] = lambda: (200, b"{}")
        answer: Any = self._answer  # botocore takes what it returns, unlike the stubs
        self.events: Any = client.meta.events
        self.events.register("before-send.kinesis.PutRecords", answer)

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        self.requests.append(request)
        status, body = self.answer()
        headers: Any = {"x-amzn-RequestId": "id"}
        return AWSResponse(request.url, status, headers, Raw(body))

    def entries(self, *entries: dict[str, Any]) -> None:
        self.answer = lambda: (200, json.dumps({"Records": entries}).encode())

    def error(self, status: int, code: str) -> None:
        self.answer = lambda: (status, json.dumps({"__type": code, "message": "why"}).encode())


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return Service()


def refusal(code: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": "why"}


def test_the_request_is_put_records_signed_by_botocore_with_our_body(service: Service) -> None:
    service.entries(TAKEN, TAKEN, TAKEN, TAKEN)
    aggregate = Entry(b"packed", "a", "12345", tuple(RECORDS))
    outcome = service.sender.send([*RECORDS, aggregate])
    assert outcome.causes == ()
    (request,) = service.requests
    assert request.headers["X-Amz-Target"] == b"Kinesis_20131202.PutRecords"
    assert b"Signature=" in request.headers["Authorization"]
    assert isinstance(request.body, bytes)
    body = json.loads(request.body)
    assert body["StreamName"] == "s"
    assert [base64.b64decode(r["Data"]) for r in body["Records"]] == [
        *(record.data for record in RECORDS),
        b"packed",
    ]
    assert body["Records"][3]["ExplicitHashKey"] == "12345"


def test_each_entry_has_its_own_outcome(service: Service) -> None:
    service.entries(
        TAKEN, refusal("ProvisionedThroughputExceededException"), refusal("InternalFailure")
    )
    outcome = service.sender.send(RECORDS)
    assert outcome.causes == [None, Cause.THROTTLED, Cause.INTERNAL_FAILURE]
    assert outcome.shard_ids == ["shardId-000000000000", None, None]


@pytest.mark.parametrize("number", [0, 2, 4])
def test_another_number_of_entries_counts_as_no_answer(service: Service, number: int) -> None:
    service.entries(*[TAKEN] * number)
    assert list(service.sender.send(RECORDS).causes) == [Cause.UNREACHABLE] * 3


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"Records": 3}', b'{"Records": [1, 2, 3]}'])
def test_an_answer_that_cannot_be_read_counts_as_no_answer(service: Service, body: bytes) -> None:
    service.answer = lambda: (200, body)
    assert list(service.sender.send(RECORDS).causes) == [Cause.UNREACHABLE] * 3


def test_an_error_code_of_any_type_is_a_refusal(service: Service) -> None:
    service.entries(TAKEN, {"ErrorCode": ["what"]}, {"ErrorCode": 7, "SequenceNumber": "1"})
    internal = Cause.INTERNAL_FAILURE
    assert service.sender.send(RECORDS).causes == [None, internal, internal]


@pytest.mark.parametrize(
    "entry", [{"ShardId": "s"}, {"ShardId": "s", "SequenceNumber": None}, {"SequenceNumber": ""}]
)
def test_an_entry_without_a_sequence_number_was_not_taken(
    service: Service, entry: dict[str, Any]
) -> None:
    service.entries(TAKEN, entry, TAKEN)
    assert list(service.sender.send(RECORDS).causes) == [None, Cause.UNREACHABLE, None]


@pytest.mark.parametrize(
    ("code", "status", "cause"),
    [
        ("ProvisionedThroughputExceededException", 400, Cause.THROTTLED),
        ("ThrottlingException", 400, Cause.THROTTLED),
        ("InternalFailure", 500, Cause.INTERNAL_FAILURE),
        ("ServiceUnavailable", 503, Cause.INTERNAL_FAILURE),
        ("ResourceNotFoundException", 400, Cause.REJECTED),
        ("AccessDeniedException", 400, Cause.REJECTED),
        ("UnrecognizedClientException", 400, Cause.REJECTED),
        ("ExpiredTokenException", 400, Cause.NOT_AUTHENTICATED),
        ("InvalidSignatureException", 400, Cause.NOT_AUTHENTICATED),
        ("RequestTimeTooSkewed", 403, Cause.NOT_AUTHENTICATED),
        ("RequestTimeoutException", 408, Cause.UNREACHABLE),
    ],
)
def test_a_refused_request_refuses_all_its_records(
    service: Service, code: str, status: int, cause: Cause
) -> None:
    service.error(status, code)
    assert list(service.sender.send(RECORDS).causes) == [cause] * 3


@pytest.mark.parametrize("status", [400, 500, 502, 503])
@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"__type": 3}', b'{"message": {}}'])
def test_an_error_that_is_not_kinesis_own_is_one_all_the_same(
    service: Service, status: int, body: bytes
) -> None:
    service.answer = lambda: (status, body)
    cause = Cause.REJECTED if status == 400 else Cause.INTERNAL_FAILURE
    assert list(service.sender.send(RECORDS).causes) == [cause] * 3


@pytest.mark.parametrize("status", [202, 204])
def test_a_success_that_put_records_does_not_have_is_read_like_any(
    service: Service, status: int
) -> None:
    service.answer = lambda: (status, b"")
    assert list(service.sender.send(RECORDS).causes) == [Cause.UNREACHABLE] * 3


def test_without_credentials_nothing_is_unreachable(
    service: Service,
) -> None:
    def none(**_: object) -> None:
        raise NoCredentialsError

    service.events.register("before-sign.kinesis.PutRecords", none)
    outcome = service.sender.send(RECORDS)
    assert list(outcome.causes) == [Cause.NOT_AUTHENTICATED] * 3
    assert "credentials" in outcome.problems[0][1]


def test_a_time_out_is_told_apart(service: Service) -> None:
    def never() -> tuple[int, bytes]:
        raise ReadTimeoutError(endpoint_url="http://nowhere")

    service.answer = never
    assert list(service.sender.send(RECORDS).causes) == [Cause.UNREACHABLE] * 3


def test_the_first_refusal_of_a_kind_is_logged_with_its_reason(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.error(400, "ResourceNotFoundException")
    service.sender.send(RECORDS)
    service.sender.send(RECORDS)
    logged = capsys.readouterr().err
    assert logged.count('"event": "refused"') == 1
    assert "why" in logged
