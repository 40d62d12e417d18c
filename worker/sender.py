"""Sends one batch by PutRecords and says, entry by entry, what became of it.

The body is ours and goes into botocore's request by its documented events; credentials, endpoint,
signing, connections and errors stay botocore's. The answer is distrusted: a partial failure is
HTTP 200, so each entry's code is read. botocore's own retries are off, since the retrier sends only
what was refused and keeps count of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import boto3
import orjson
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)

from worker import log
from worker.encoding import THROTTLES, Outcome, read_answer, request_body
from worker.ledger import Cause
from worker.record import Item

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 15
MAY_BE_AUTHENTICATED_LATER = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
"""Errors that pass when credentials are refreshed, or a clock is put right."""
_NO_CREDENTIALS = (CredentialRetrievalError, NoCredentialsError, PartialCredentialsError)
_REQUEST_TIMEOUT = 408
_MOST_SHOWN = 200
"""Of an error that isn't Kinesis' own, bytes."""
_EVENT = "kinesis.PutRecords"
_BODY = "put_records_body"


class Sender(Protocol):
    """The pipeline's port to a stream."""

    def send(self, items: Sequence[Item]) -> Outcome:
        """Send the entries in one request and return what became of each. May block."""


class KinesisSender:
    """Sends to one stream through boto3. Usable from several threads at once."""

    def __init__(self, client: KinesisClient, stream_name: str) -> None:
        """`client` becomes this sender's own: its PutRecords takes a body from now on."""
        self._client: Any = client
        self._stream_name = stream_name
        self._noted: set[Cause] = set()
        events = client.meta.events
        events.register(f"before-parameter-build.{_EVENT}", _take_body)
        events.register(f"before-call.{_EVENT}", _give_body)
        events.register(f"before-parse.{_EVENT}", _keep_answer)

    def send(self, items: Sequence[Item]) -> Outcome:
        body = request_body(self._stream_name, items)
        try:
            answer = self._client.put_records(StreamName=self._stream_name, Records=body)
            outcome = read_answer(answer["Body"], len(items))
        except ClientError as error:
            outcome = Outcome.refused(len(items), _cause_of(error), str(error))
        except _NO_CREDENTIALS as error:
            outcome = Outcome.refused(len(items), Cause.NOT_AUTHENTICATED, str(error))
        except BotoCoreError as error:
            outcome = Outcome.refused(len(items), Cause.UNREACHABLE, str(error))
        for cause, problem in outcome.problems:
            self._note(cause, problem)
        return outcome

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
        user_agent="kinesis-on-demand-demo",  # the usual one is put together anew in each call
    )
    return boto3.client("kinesis", config=config)


def _take_body(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Lay the body aside, so that botocore has nothing to encode."""
    context[_BODY] = params["Records"]
    params["Records"] = []


def _give_body(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Put the body into the request, before it is signed."""
    params["body"] = context[_BODY]


def _keep_answer(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Hand a success's body on as it is; an error stays for botocore to read, if it can be.

    What stands between here and Kinesis has errors of its own, which botocore may stumble over.
    """
    body = response_dict["body"]
    if response_dict["status_code"] < 300:
        customized_response_dict["Body"] = body
        response_dict["body"] = b"{}"
    elif not _is_error(body):
        response_dict["body"] = orjson.dumps({"message": body[:_MOST_SHOWN].decode("latin-1")})


def _is_error(body: bytes) -> bool:
    """Whether it is an error in the AWS JSON protocol."""
    try:
        fields = orjson.loads(body)
    except ValueError:
        return False
    return isinstance(fields, dict) and all(
        isinstance(fields.get(name, ""), str) for name in ("__type", "message", "Message")
    )


def _cause_of(error: ClientError) -> Cause:
    code = error.response.get("Error", {}).get("Code")
    if code in THROTTLES:
        return Cause.THROTTLED
    if code in MAY_BE_AUTHENTICATED_LATER:
        return Cause.NOT_AUTHENTICATED
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if status == _REQUEST_TIMEOUT:
        return Cause.UNREACHABLE
    return Cause.INTERNAL_FAILURE if status >= 500 else Cause.REJECTED
