"""aiokpl: its Producer, with its limits on the rate lifted; every record's outcome is awaited."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from itertools import cycle
from typing import Any

from aiokpl import Config, Producer  # type: ignore[import-not-found]

from bench.peers.frame import REGION, STREAM, Order, read_order, report
from bench.peers.posts import posts

UNLIMITED = 1e12
OUTSTANDING = 20_000
"""Records on their way at once: enough for several full requests."""


async def run(order: Order) -> int:
    """Put posts until the order is over; return how many arrived."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, order.end)
    config = Config(
        region=REGION,
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        aggregation_enabled=order.aggregated,
        rate_limit_records_per_sec_per_shard=UNLIMITED,
        rate_limit_bytes_per_sec_per_shard=UNLIMITED,
    )
    delivered = 0
    waiting: deque[Any] = deque()
    async with Producer(config) as producer:
        for post in cycle(posts(order.post_bytes)):
            if order.over:
                break
            waiting.append(
                await producer.put_record(
                    stream=STREAM, partition_key=post.partition_key, data=post.data
                )
            )
            if len(waiting) >= OUTSTANDING:
                delivered += (await waiting.popleft().wait()).success
        await producer.flush()
        while waiting:
            delivered += (await waiting.popleft().wait()).success
    return delivered


def main() -> None:
    order = read_order()
    report(asyncio.run(run(order)))


if __name__ == "__main__":
    main()
