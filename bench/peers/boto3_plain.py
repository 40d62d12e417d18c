"""Plain boto3: put_records, 500 records a call, everything at its default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

from bench.peers.frame import STREAM, confirmed, read_order, report
from bench.peers.posts import posts

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

RECORDS_PER_CALL = 500


def main() -> None:
    order = read_order()
    records: list[PutRecordsRequestEntryTypeDef] = [
        {"Data": post.data, "PartitionKey": post.partition_key} for post in posts(order.post_bytes)
    ]
    calls = [
        records[start : start + RECORDS_PER_CALL]
        for start in range(0, len(records), RECORDS_PER_CALL)
    ]
    client = boto3.client("kinesis")
    delivered = number = 0
    while not order.over:
        answer = client.put_records(StreamName=STREAM, Records=calls[number % len(calls)])
        delivered += confirmed(answer)
        number += 1
    report(delivered)


if __name__ == "__main__":
    main()
