"""What the data plane refuses: requests beyond the API's limits, in Kinesis' own words.

Source: botocore's model `kinesis`, operations PutRecords, GetRecords and GetShardIterator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ondemand.policy import MIB

MAX_RECORDS = 500
MAX_REQUEST_BYTES = 10 * MIB
MAX_RECORD_BYTES = MIB
MAX_KEY_CHARACTERS = 256


class Refusal(Exception):
    """A request that is answered with an error; `code` is the exception's name in the API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def data_bytes(encoded: str) -> int:
    """How many bytes a base64 text stands for."""
    return len(encoded) * 3 // 4 - encoded[-2:].count("=")


def check_entries(entries: Sequence[Mapping[str, Any]]) -> list[int]:
    """The size of each entry, key included, bytes; Refusal if one, or all, exceed a limit."""
    if not 1 <= len(entries) <= MAX_RECORDS:
        raise _invalid("records", f"Member must have length from 1 to {MAX_RECORDS}")
    sizes = []
    for entry in entries:
        key = entry["PartitionKey"]
        if not 1 <= len(key) <= MAX_KEY_CHARACTERS:
            raise _invalid(
                "partitionKey", f"Member must have length from 1 to {MAX_KEY_CHARACTERS}"
            )
        size = data_bytes(entry["Data"])
        if size > MAX_RECORD_BYTES:
            raise _invalid(
                "data", f"Member must have length less than or equal to {MAX_RECORD_BYTES}"
            )
        sizes.append(size + len(key.encode()))
    if sum(sizes) > MAX_REQUEST_BYTES:
        raise Refusal(
            "InvalidArgumentException",
            f"Records size exceeds {MAX_REQUEST_BYTES} bytes, which is the limit",
        )
    return sizes


def _invalid(field: str, constraint: str) -> Refusal:
    return Refusal(
        "ValidationException",
        f"1 validation error detected: Value at '{field}' failed to satisfy constraint: "
        f"{constraint}",
    )
