"""async-kinesis: its Producer, text as it is, with its limits on the rate lifted.

With --aggregated by its KPL processor, which doesn't take partition keys. It doesn't tell how many
records an aggregate of its holds; they are counted as they are put, and all of them are flushed.
"""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import cycle
from typing import Any

from kinesis import Producer
from kinesis.processors import (
    KPLStringProcessor,
    StringProcessor,
)

from bench.peers.frame import REGION, STREAM, Order, read_order, report
from bench.peers.posts import posts

UNLIMITED = 1_000_000_000
AGGREGATE_BYTES = 51_200
AGGREGATES_PER_CALL = 20
RECORDS_PER_CALL = 500


async def run(order: Order) -> int:
    """Put posts until the order is over; return how many arrived."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, order.end)
    supply = cycle([(p.data.decode(), p.partition_key) for p in posts(order.post_bytes)])
    delivered = 0

    async def flushed(items: list[Any]) -> None:
        nonlocal delivered
        delivered += sum(item.n for item in items)

    async with Producer(
        stream_name=STREAM,
        region_name=REGION,
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        processor=KPLStringProcessor(AGGREGATE_BYTES) if order.aggregated else StringProcessor(),
        batch_size=AGGREGATES_PER_CALL if order.aggregated else RECORDS_PER_CALL,
        skip_describe_stream=True,
        put_rate_limit_per_shard=UNLIMITED,
        put_bandwidth_limit_per_shard=UNLIMITED,
        after_flush_fun=flushed,
    ) as producer:
        for text, key in supply:
            if order.over:
                break
            await producer.put(text, partition_key=None if order.aggregated else key)
    return delivered


def main() -> None:
    order = read_order()
    report(asyncio.run(run(order)))


if __name__ == "__main__":
    main()
