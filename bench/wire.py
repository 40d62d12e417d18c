"""Reads PutRecords bodies and writes their answers, cheaply enough for 100,000 records a second.

Pure. What isn't looked at for speed: signatures, and base64 but for aggregates, whose records are
counted by walking the protobuf's fields. Entries go to one of four shards by Kinesis' own rule:
the explicit hash key, else the MD5 of the partition key, in four equal ranges of 128 bits.

Source: Kinesis API reference, PutRecords; KPL aggregation format (magic, protobuf, MD5).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

SHARDS = 4
MAX_ENTRIES = 500
"""Source: Kinesis API reference, PutRecords."""
HASH_KEYS = 1 << 128
_SHARD_BITS = 126
"""A hash key's upper two bits are its shard."""

_MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16
_MAGIC_IN_BASE64 = b'"84maw'
"""How an aggregate's Data begins: the magic's first 30 bits."""
_RECORD_TAG = 0x1A
_LENGTH_CONTINUES = 0x80

_KEY = b'"PartitionKey"'
_EXPLICIT_KEY = b'"ExplicitHashKey"'

_SEQUENCE_START = "4966285738205713058275930482317650"
_REFUSAL = (
    '{"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"Rate exceeded for shard '
    'shardId-%012d in stream social-media-stream under account 000000000000."}'
)


@dataclass(frozen=True)
class Entries:
    """What one PutRecords request holds, entry by entry."""

    shards: list[int]
    records: list[int] | None
    """User records in each entry; None: one in each."""

    @property
    def user_records(self) -> int:
        return len(self.shards) if self.records is None else sum(self.records)


class BadRequest(ValueError):
    """A body that is no PutRecords request."""


def read_entries(body: bytes) -> Entries:
    """Return the entries of a PutRecords body; raise BadRequest if it is none."""
    if _EXPLICIT_KEY not in body and _MAGIC_IN_BASE64 not in body:
        # Base64 holds no quote, and inside a JSON string a quote follows a backslash: so _KEY is
        # found once an entry and nowhere else.
        keys = [piece.partition(b'"')[2].partition(b'"')[0] for piece in body.split(_KEY)[1:]]
        if keys and b"\\" not in b"".join(keys):
            return Entries([shard_of_key(key) for key in keys], None)
    return _read_carefully(body)


def _read_carefully(body: bytes) -> Entries:
    try:
        entries = json.loads(body)["Records"]
        return Entries([_shard(e) for e in entries], [_records_in(e["Data"]) for e in entries])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadRequest(f"not a PutRecords request: {error}") from error


def _shard(entry: dict[str, Any]) -> int:
    explicit = entry.get("ExplicitHashKey")
    if explicit is not None:
        return int(explicit) >> _SHARD_BITS
    return shard_of_key(entry["PartitionKey"].encode())


def _records_in(data: str) -> int:
    return count_user_records(base64.b64decode(data)) if data.startswith("84maw") else 1


@lru_cache(maxsize=1 << 17)
def shard_of_key(partition_key: bytes) -> int:
    """The shard that a record with this partition key, in UTF-8, belongs to."""
    return hashlib.md5(partition_key, usedforsecurity=False).digest()[0] >> 6


def count_user_records(blob: bytes) -> int:
    """Return how many user records a Kinesis record carries: 1, unless it is a KPL aggregate.

    It is one if it begins with the magic and ends with the digest of what is between.
    """
    if not blob.startswith(_MAGIC):
        return 1
    message = memoryview(blob)[len(_MAGIC) : -_DIGEST_BYTES]
    if hashlib.md5(message, usedforsecurity=False).digest() != blob[-_DIGEST_BYTES:]:
        return 1
    count = 0
    position, end = len(_MAGIC), len(blob) - _DIGEST_BYTES
    while position < end:
        tag, size = blob[position], blob[position + 1]
        position += 2
        if size & _LENGTH_CONTINUES:
            size, position = _length(blob, position - 1)
        count += tag == _RECORD_TAG
        position += size
    return count


def _length(blob: bytes, position: int) -> tuple[int, int]:
    """Read a varint; return it and where it ends."""
    value = shift = 0
    while True:
        byte = blob[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & _LENGTH_CONTINUES:
            return value, position
        shift += 7


def _pieces(shard: int) -> list[bytes]:
    """Per entry: all that stands between a request's number in it and in the next entry."""
    return [
        (
            f'{entry:010d}","ShardId":"shardId-{shard:012d}"}},'
            f'{{"SequenceNumber":"{_SEQUENCE_START}'
        ).encode()
        for entry in range(MAX_ENTRIES)
    ]


_PIECES = [_pieces(shard) for shard in range(SHARDS)]
_HEAD = f'{{"FailedRecordCount":0,"Records":[{{"SequenceNumber":"{_SEQUENCE_START}'.encode()
_CUT = len(f',{{"SequenceNumber":"{_SEQUENCE_START}')


def accept_all(shards: list[int], request: int) -> bytes:
    """The answer that takes every entry; `request` makes its sequence numbers unique."""
    number = b"%012d" % request
    pieces = [_PIECES[shard][entry] for entry, shard in enumerate(shards)]
    return number.join([_HEAD, *pieces])[:-_CUT] + b"]}"


def accept_some(shards: list[int], refused: list[bool], request: int) -> bytes:
    """The answer that refuses some entries as a shard does that is over its limit."""
    entries = [
        _REFUSAL % shard
        if no
        else f'{{"SequenceNumber":"{_SEQUENCE_START}{request:012d}{entry:010d}",'
        f'"ShardId":"shardId-{shard:012d}"}}'
        for entry, (shard, no) in enumerate(zip(shards, refused, strict=True))
    ]
    return f'{{"FailedRecordCount":{sum(refused)},"Records":[{",".join(entries)}]}}'.encode()


def list_shards() -> bytes:
    """The answer to ListShards: four open shards of equal ranges."""
    width = HASH_KEYS // SHARDS
    shards = [
        {
            "ShardId": f"shardId-{number:012d}",
            "HashKeyRange": {
                "StartingHashKey": str(number * width),
                "EndingHashKey": str((number + 1) * width - 1),
            },
            "SequenceNumberRange": {"StartingSequenceNumber": f"{_SEQUENCE_START}{0:022d}"},
        }
        for number in range(SHARDS)
    ]
    return json.dumps({"Shards": shards}).encode()


@lru_cache(maxsize=1)
def stream_summary() -> bytes:
    """The answer to DescribeStreamSummary."""
    summary = {
        "StreamName": "social-media-stream",
        "StreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/social-media-stream",
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": 1700000000,
        "EnhancedMonitoring": [],
        "OpenShardCount": SHARDS,
    }
    return json.dumps({"StreamDescriptionSummary": summary}).encode()
