"""PutRecords as bytes: the request's body from entries, the answer's entries from its body. Pure.

boto3 takes a dictionary per record, checks it, encodes it, and decodes the answer generically:
three quarters of its cost. The format is the AWS JSON 1.1 protocol's; see the Kinesis API
reference, PutRecords, "Request Syntax" and "Response Syntax".
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from worker.ledger import Cause
from worker.record import Entry, Item

THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "KMSThrottlingException",
        "LimitExceededException",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
    }
)
_MAX_KEYS = 65_536


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch's entries."""

    causes: Sequence[Cause | None]
    """Per entry, in order: None where Kinesis took it, else why it didn't. Empty: it took all."""
    shard_ids: Sequence[str | None] = ()
    """Where each entry went; empty where nothing was taken."""
    problems: tuple[tuple[Cause, str], ...] = ()
    """What Kinesis said, once for each cause."""

    @classmethod
    def refused(cls, entries: int, cause: Cause, problem: str) -> Outcome:
        """All entries refused for one cause."""
        return cls((cause,) * entries, problems=((cause, problem),))


class _KeyParts(dict[str, bytes]):
    """What stands between one entry's data and the next one's, by partition key. Bounded."""

    def __missing__(self, key: str) -> bytes:
        if len(self) >= _MAX_KEYS:
            self.clear()
        part = self[key] = b'","PartitionKey":' + orjson.dumps(key) + b'},{"Data":"'
        return part


_key_parts = _KeyParts()


def request_body(stream_name: str, items: Sequence[Item]) -> bytes:
    """The body of one PutRecords request."""
    head = b'{"StreamName":' + orjson.dumps(stream_name) + b',"Records":['
    if any(isinstance(item, Entry) for item in items):
        return head + b",".join([_entry(item) for item in items]) + b"]}"
    encode, between = b2a_base64, _key_parts
    parts = [p for item in items for p in (encode(item[0], newline=False), between[item[1]])]
    parts[-1] = parts[-1].removesuffix(b',{"Data":"')
    return b"".join((head, b'{"Data":"', *parts, b"]}"))


def _entry(item: Item) -> bytes:
    hash_key = item.explicit_hash_key if isinstance(item, Entry) else None
    return b'{"Data":"%b","PartitionKey":%b%b}' % (
        b2a_base64(item.data, newline=False),
        orjson.dumps(item.partition_key),
        b"" if hash_key is None else b',"ExplicitHashKey":"%b"' % hash_key.encode(),
    )


def read_answer(body: bytes, sent: int) -> Outcome:
    """Read every entry of an answer to `sent` entries.

    An answer that can't be read, or has another number of entries, counts as no answer at all.
    """
    try:
        answer = orjson.loads(body)
        entries = answer["Records"]
        shard_ids = [entry.get("ShardId") for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Outcome.refused(sent, Cause.UNREACHABLE, f"the answer can't be read: {error!r}")
    if len(entries) != sent:
        problem = f"{sent} entries sent, {len(entries)} answered"
        return Outcome.refused(sent, Cause.UNREACHABLE, problem)
    if not [e for e in entries if "ErrorCode" in e or not e.get("SequenceNumber")]:
        return Outcome((), shard_ids)
    causes = [_cause(entry) for entry in entries]
    said = {
        cause: f"{entry.get('ErrorCode')}: {entry.get('ErrorMessage')}"
        for cause, entry in zip(causes, entries, strict=True)
        if cause is not None
    }
    return Outcome(causes, shard_ids, tuple(said.items()))


def _cause(entry: dict[str, object]) -> Cause | None:
    code = entry.get("ErrorCode")
    if code is None:
        return None if entry.get("SequenceNumber") else Cause.UNREACHABLE
    return Cause.THROTTLED if str(code) in THROTTLES else Cause.INTERNAL_FAILURE
