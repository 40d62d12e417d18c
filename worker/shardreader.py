"""Reads the shard map when a worker begins, and again while it sends.

Without the first one there is nothing to send by, so it is tried for. While sending, there is one
already: a stream that is being resharded, or that throttles ListShards, must not end a producer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from worker import log
from worker.hasty import hasty
from worker.shardmap import BrokenShardMap, ShardMap, read_shard_map

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient


def read_first_map(region: str, stream_name: str) -> ShardMap:
    """The map to begin with. Raises what read_shard_map raises, after three tries.

    By a client of its own: one that has connected must not be shared by fork.
    """
    client = boto3.client("kinesis", config=hasty(region, read_timeout=3, tries=3))
    try:
        return read_shard_map(client, stream_name)
    finally:
        client.close()


def read_next_map(client: KinesisClient, stream_name: str) -> ShardMap | None:
    """The map as it is now; None, and a line in the log, where it can't be had."""
    try:
        return read_shard_map(client, stream_name)
    except (BotoCoreError, ClientError, BrokenShardMap) as error:
        log.event("shards_not_read", stream=stream_name, problem=str(error))
        return None
