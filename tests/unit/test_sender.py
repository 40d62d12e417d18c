"""An answer of Kinesis is read entry by entry, and distrusted where it doesn't add up."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from worker.ledger import Cause
from worker.record import Record
from worker.sender import KinesisSender, kinesis_client

RECORDS = [Record(f"data-{n}".encode(), f"key-{n}", 0) for n in range(3)]
TAKEN = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = boto3.client("kinesis", region_name="us-east-1")
    with Stubber(client) as stubber:
        yield stubber


def refusal(code: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": "why"}


def test_each_entry_has_its_own_outcome(stub: Any) -> None:
    entries = [
        TAKEN,
        refusal("ProvisionedThroughputExceededException"),
        refusal("InternalFailure"),
    ]
    expected = {
        "StreamName": "s",
        "Records": [{"Data": r.data, "PartitionKey": r.partition_key} for r in RECORDS],
    }
    stub.add_response("put_records", {"FailedRecordCount": 2, "Records": entries}, expected)
    outcome = KinesisSender(stub.client, "s").send(RECORDS)
    assert outcome == [None, Cause.THROTTLED, Cause.INTERNAL_FAILURE]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_another_number_of_entries_counts_as_no_answer(stub: Any, number: int) -> None:
    stub.add_response("put_records", {"Records": [TAKEN] * number})
    assert KinesisSender(stub.client, "s").send(RECORDS) == [Cause.UNREACHABLE] * 3


@pytest.mark.parametrize(
    ("code", "status", "cause"),
    [
        ("ProvisionedThroughputExceededException", 400, Cause.THROTTLED),
        ("ThrottlingException", 400, Cause.THROTTLED),
        ("InternalFailure", 500, Cause.INTERNAL_FAILURE),
        ("ServiceUnavailable", 503, Cause.INTERNAL_FAILURE),
        ("ResourceNotFoundException", 400, Cause.REJECTED),
        ("AccessDeniedException", 400, Cause.REJECTED),
    ],
)
def test_a_refused_request_refuses_all_its_records(
    stub: Any, code: str, status: int, cause: Cause
) -> None:
    stub.add_client_error("put_records", code, "why", status)
    assert KinesisSender(stub.client, "s").send(RECORDS) == [cause] * 3


def test_a_service_that_cannot_be_reached_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    client = kinesis_client("us-east-1", connections=1)
    assert KinesisSender(client, "s").send(RECORDS) == [Cause.UNREACHABLE] * 3


def test_the_first_refusal_of_a_kind_is_logged_with_its_reason(
    stub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        stub.add_client_error("put_records", "ResourceNotFoundException", "no such stream", 400)
    sender = KinesisSender(stub.client, "s")
    sender.send(RECORDS)
    sender.send(RECORDS)
    logged = capsys.readouterr().err
    assert logged.count('"event": "refused"') == 1
    assert "no such stream" in logged
