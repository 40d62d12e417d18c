"""How many shards the stream has, counted by whoever sends to it.

CloudWatch has no such metric of an on-demand stream, and it is what a demo is there to show. Each
pool counts once a publication; ListShards takes 1,000 calls a second for each stream (Kinesis API
reference), so a thousand tasks may.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from worker import log
from worker.hasty import hasty

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import ShardTypeDef

PATIENCE_S = 2.0
"""Beyond this no further page is asked for: the pool waits for the count."""


class ShardCount:
    """Counts a stream's open shards."""

    def __init__(
        self,
        client: KinesisClient,
        stream_name: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._stream_name = stream_name
        self._clock = clock
        self._failing = False

    def __call__(self) -> int | None:
        """The number as it is now; None if Kinesis doesn't tell it soon, which is logged once."""
        try:
            count = self._counted()
        except (BotoCoreError, ClientError) as error:
            self._note(str(error))
            return None
        if count is None:
            self._note(f"it takes more than {PATIENCE_S:g} s")
        else:
            self._failing = False
        return count

    def _counted(self) -> int | None:
        started = self._clock()
        page = self._client.list_shards(
            StreamName=self._stream_name, ShardFilter={"Type": "AT_LATEST"}
        )
        count = _open_ones(page["Shards"])
        while token := page.get("NextToken"):
            if self._clock() - started > PATIENCE_S:
                return None
            # Not with the stream's name, which the token stands for (Kinesis API reference).
            page = self._client.list_shards(NextToken=token)
            count += _open_ones(page["Shards"])
        return count

    def _note(self, problem: str) -> None:
        if not self._failing:
            log.event("shards_not_counted", stream=self._stream_name, problem=problem)
        self._failing = True


def _open_ones(shards: Sequence[ShardTypeDef]) -> int:
    """A server that doesn't know ShardFilter lists the closed ones, too."""
    ranges = (shard["SequenceNumberRange"] for shard in shards)
    return sum(numbers.get("EndingSequenceNumber") is None for numbers in ranges)


def shard_count_client(region: str) -> KinesisClient:
    """Return a client that gives up soon, and is the pool's own: producers have theirs."""
    return boto3.client("kinesis", config=hasty(region, read_timeout=1))
