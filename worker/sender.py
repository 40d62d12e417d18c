"""Sends one batch by PutRecords and says, record by record, what became of it.

The answer is distrusted: a partial failure is HTTP 200, so each entry's code is read, and an answer
with another number of entries than were sent counts as no answer at all. botocore's own retries are
off, since the retrier sends only what was refused and keeps count of it.

Source of the codes: Kinesis API reference, PutRecords, "Errors" and PutRecordsResultEntry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from worker import log
from worker.ledger import Cause
from worker.record import Record

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

Outcome = Sequence[Cause | None]
"""Per record of the batch, in order: None where Kinesis took it, else why it didn't."""

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 15

_THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "KMSThrottlingException",
        "LimitExceededException",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
    }
)


class Sender(Protocol):
    """The pipeline's port to a stream."""

    def send(self, records: Sequence[Record]) -> Outcome:
        """Send the records in one request and return an outcome for each. May block."""


class KinesisSender:
    """Sends to one stream through boto3. Usable from several threads at once."""

    def __init__(self, client: KinesisClient, stream_name: str) -> None:
        self._client = client
        self._stream_name = stream_name
        self._noted: set[Cause] = set()

    def send(self, records: Sequence[Record]) -> Outcome:
        try:
            answer = self._client.put_records(
                StreamName=self._stream_name,
                Records=[{"Data": r.data, "PartitionKey": r.partition_key} for r in records],
            )
        except ClientError as error:
            return self._all(records, _cause_of_error(error), str(error))
        except BotoCoreError as error:
            return self._all(records, Cause.UNREACHABLE, str(error))
        entries = answer.get("Records", [])
        if len(entries) != len(records):
            problem = f"{len(records)} records sent, {len(entries)} answered"
            return self._all(records, Cause.UNREACHABLE, problem)
        outcome = [_cause_of_entry(entry) for entry in entries]
        for cause, entry in zip(outcome, entries, strict=True):
            if cause is not None:
                self._note(cause, f"{entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")
        return outcome

    def _all(self, records: Sequence[Record], cause: Cause, problem: str) -> Outcome:
        self._note(cause, problem)
        return [cause] * len(records)

    def _note(self, cause: Cause, problem: str) -> None:
        """Log the first refusal for each cause; how many follow is the ledger's business."""
        if cause not in self._noted:
            self._noted.add(cause)
            log.event("refused", cause=cause, problem=problem, stream=self._stream_name)


def kinesis_client(region: str, connections: int) -> KinesisClient:
    """Return a client that keeps up to `connections` requests in flight."""
    config = Config(
        region_name=region,
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=connections,
        parameter_validation=False,
    )
    return boto3.client("kinesis", config=config)


def _cause_of_entry(entry: Any) -> Cause | None:
    code = entry.get("ErrorCode")
    if code is None:
        return None if entry.get("SequenceNumber") else Cause.UNREACHABLE
    return Cause.THROTTLED if code in _THROTTLES else Cause.INTERNAL_FAILURE


def _cause_of_error(error: ClientError) -> Cause:
    if error.response.get("Error", {}).get("Code") in _THROTTLES:
        return Cause.THROTTLED
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return Cause.INTERNAL_FAILURE if status >= 500 else Cause.REJECTED
