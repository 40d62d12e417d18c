"""aws_kinesis_agg's aggregator, its aggregates sent by plain boto3, 20 of 50 KB a call.

One aggregate a call would be dearer; 20 is the most favourable way found.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import boto3
from aws_kinesis_agg.aggregator import AggRecord, RecordAggregator

from bench.peers.frame import STREAM, confirmed, read_order, report
from bench.peers.posts import Post, posts

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

AGGREGATE_BYTES = 51_200
AGGREGATES_PER_CALL = 20


def main() -> None:
    order = read_order()
    client = boto3.client("kinesis")
    supply = cycle(posts(order.post_bytes))
    aggregator = RecordAggregator(AGGREGATE_BYTES)
    delivered = 0
    while not order.over:
        aggregates = [_next(aggregator, supply) for _ in range(AGGREGATES_PER_CALL)]
        answer = client.put_records(StreamName=STREAM, Records=[_entry(a) for a in aggregates])
        if confirmed(answer) == len(aggregates):
            delivered += sum(a.get_num_user_records() for a in aggregates)
    report(delivered)


def _next(aggregator: RecordAggregator, supply: cycle[Post]) -> AggRecord:
    while True:
        post = next(supply)
        full = aggregator.add_user_record(post.partition_key, post.data)
        if full is not None:
            return full


def _entry(aggregate: AggRecord) -> PutRecordsRequestEntryTypeDef:
    partition_key, _, data = aggregate.get_contents()
    return {"Data": data, "PartitionKey": partition_key}


if __name__ == "__main__":
    main()
