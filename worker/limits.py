"""What one PutRecords request may hold, in one place.

Source: Kinesis API reference, PutRecords: "Each PutRecords request can support up to 500 records.
Each record in the request can be as large as 10 MiB, up to a limit of 10 MiB for the entire
request, including partition keys." A stream's own MaxRecordSizeInKiB is 1 MiB unless raised. The
request limit was 5 MiB until 2025 and emulators still enforce that, so that is what we stay under:
500 posts come to 0.3 MB, nothing is given up.
"""

from __future__ import annotations

from worker.record import Item

MAX_RECORDS_PER_REQUEST = 500
MAX_REQUEST_BYTES = 5 * 1024 * 1024
MAX_RECORD_BYTES = 1024 * 1024
"""Data and partition key (UTF-8) together, bytes."""
MAX_KEY_BYTES = 4 * 256
"""A partition key has 256 characters at most (PutRecordsRequestEntry), of four bytes at most."""


SURE_TO_FIT_BYTES = MAX_RECORD_BYTES - MAX_KEY_BYTES
"""Data up to here fits into a record with any key."""


def is_too_large(item: Item) -> bool:
    """Whether no request can hold this item, whatever else is in it."""
    return len(item.data) > SURE_TO_FIT_BYTES and item.size > MAX_RECORD_BYTES
