"""A consumer that isn't ours reads a stream that splits under it: async-kinesis', on aiobotocore.

It promises what the Kinesis Client Library does: parents are read to their end before their
children, each record at least once, and without a restart once. What it hands out is held against
what PutRecords answered, which the consumer never sees.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import boto3
import pytest
from kinesis import Consumer, MemoryCheckPointer

from local.stack import REGION, EmbeddedStack
from tests.e2e.demos import PATIENCE_SECONDS

TIME_SCALE = 900
"""A shard that takes too much is split a second later."""
HOT = 10
"""All but each tenth record have one key: their shard splits, and then its child, on a slow machine
as well."""
IDLE_SECONDS = 1.0
LONGEST_SECONDS = 60.0
"""How long a reader may take from when all has been sent."""
REFRESH_SECONDS = 0.25
"""How often the consumer looks for new shards. It can only be told from inside: its own minute
would be fifteen hours of this stream's time."""


@dataclass
class Sent:
    """What Kinesis took: in which shard each number is, and where in it."""

    shard: dict[int, str] = field(default_factory=dict)
    sequence: dict[int, str] = field(default_factory=dict)
    refused: int = 0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    settings = {"ON_DEMAND_MODEL": "on", "TIME_SCALE": str(TIME_SCALE)}
    with EmbeddedStack(tmp_path_factory.mktemp("foreign"), settings) as running:
        yield running


@pytest.fixture
def kinesis(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3's client; the environment is the stack's, for the consumer has no other settings."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    # Not boto3.client: its session keeps the credentials that another test's environment had.
    client = boto3.Session().client("kinesis")
    client.create_stream(StreamName="social", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    return client


def consumer(
    stack: EmbeddedStack, seen: MemoryCheckPointer | None = None, records_per_call: int = 10_000
) -> Any:
    """A reader from TRIM_HORIZON on, or from where `seen` says that another one stopped."""
    made = Consumer(
        "social",
        endpoint_url=stack.endpoint,
        region_name=REGION,
        checkpointer=seen,
        record_limit=records_per_call,
        shard_fetch_rate=5,
        sleep_time_no_records=0.01,
        idle_timeout=IDLE_SECONDS,
    )
    made._shard_refresh_interval = REFRESH_SECONDS
    return made


def send(kinesis: Any) -> Sent:
    """Send numbers until a shard has split twice, and some more; what is refused, again."""
    sent, last = Sent(), None
    waiting: list[int] = []
    number = 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while last is None or number < last or waiting:
        assert time.monotonic() < deadline
        if last is None and sent.refused and grandchildren(parents(kinesis)):
            last = number + 2_000
        while len(waiting) < 500 and (last is None or number < last):
            waiting.append(number)
            number += 1
        batch, waiting = waiting[:500], waiting[500:]
        answers = put(kinesis, batch)
        for taken, answer in zip(batch, answers, strict=True):
            if "ErrorCode" in answer:
                waiting.append(taken)
                sent.refused += 1
            else:
                sent.shard[taken] = answer["ShardId"]
                sent.sequence[taken] = answer["SequenceNumber"]
    return sent


def put(kinesis: Any, numbers: list[int]) -> list[dict[str, Any]]:
    entries = [
        {"Data": json.dumps(n).encode(), "PartitionKey": "hot" if n % HOT else f"key-{n}"}
        for n in numbers
    ]
    return list(kinesis.put_records(StreamName="social", Records=entries)["Records"])


async def read(reader: Any, wanted: Callable[[], Set[int] | None]) -> list[int]:
    """Read until all has come that is `wanted`, which is None as long as nobody knows, or until
    LONGEST_SECONDS after it is known; and then until nothing more comes.
    """
    found: list[int] = []
    deadline = math.inf
    while True:
        all_of_it = wanted()
        if all_of_it is not None:
            deadline = min(deadline, time.monotonic() + LONGEST_SECONDS)
        complete = all_of_it is not None and all_of_it <= set(found)
        over = complete or time.monotonic() > deadline
        found += [number async for number in reader]
        if over:
            return found


async def read_while(stack: EmbeddedStack, work: asyncio.Task[Sent]) -> list[int]:
    """Read from before the work begins."""
    async with consumer(stack) as reader:
        return await read(reader, lambda: work.result().shard.keys() if work.done() else None)


async def read_all(stack: EmbeddedStack, sent: Sent) -> list[int]:
    async with consumer(stack) as reader:
        return await read(reader, sent.shard.keys)


async def read_with_a_break(stack: EmbeddedStack, sent: Sent) -> tuple[list[int], list[int]]:
    """What one reader found until it was stopped, and another one that took over from it.

    It takes a shard in several calls: of the last one it keeps no checkpoint.
    """
    seen = MemoryCheckPointer(name="group")
    before: list[int] = []
    half = len(sent.shard) // 2
    deadline = time.monotonic() + LONGEST_SECONDS
    async with consumer(stack, seen, records_per_call=300) as reader:
        while len(before) < half:
            assert time.monotonic() < deadline
            async for number in reader:
                before.append(number)
                if len(before) == half:
                    break
    async with consumer(stack, seen, records_per_call=300) as reader:
        return before, await read(reader, lambda: sent.shard.keys() - set(before))


def parents(kinesis: Any) -> dict[str, str]:
    listed = kinesis.list_shards(StreamName="social")["Shards"]
    return {s["ShardId"]: s["ParentShardId"] for s in listed if "ParentShardId" in s}


def grandchildren(parent: dict[str, str]) -> set[str]:
    return {shard for shard in parent if parent[shard] in parent}


def assert_in_order(found: list[int], sent: Sent, parent: dict[str, str]) -> None:
    """Within a shard as it was taken; and no shard before its parent's last record."""
    by_shard: dict[str, list[int]] = {}
    for place, number in enumerate(found):
        by_shard.setdefault(sent.shard[number], []).append(place)
    for shard, places in by_shard.items():
        sequences = [sent.sequence[found[place]] for place in places]
        assert all(left < right for left, right in pairwise(sequences))
        if (before := parent.get(shard)) in by_shard:
            assert by_shard[before][-1] < places[0], f"{shard} was read before its parent's end"


def test_a_foreign_consumer_reads_every_record_across_the_splits(
    stack: EmbeddedStack, kinesis: Any
) -> None:
    async def scenario() -> tuple[Sent, list[int], list[int], tuple[list[int], list[int]]]:
        work = asyncio.create_task(asyncio.to_thread(send, kinesis))
        live = await read_while(stack, work)
        sent = await work
        late, broken = await asyncio.gather(read_all(stack, sent), read_with_a_break(stack, sent))
        return sent, live, late, broken

    sent, live, late, (before, after) = asyncio.run(scenario())
    parent = parents(kinesis)
    assert sent.refused > 0
    assert set(sent.shard.values()) & grandchildren(parent)
    # Nothing but an interruption makes it read a record again.
    once = Counter(sent.shard.keys())
    for found in (live, late):
        assert Counter(found) == once
        assert_in_order(found, sent, parent)
    assert set(before) | set(after) == set(once)
    assert len(after) < len(once), "the second reader began at the first one's beginning"
