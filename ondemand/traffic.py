"""What the records are like: their size, their partition keys, what Kinesis is sent for them. Pure.

Where records go follows from the hashes of their keys. The worker's posts are of 1,024 users, so a
stream of many shards has some with a few users more than others, and those fill first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ondemand.shards import HASH_SPACE, Shard, hash_of

POSTERS = 1_024
"""Users whose posts the worker makes; a post's key is its user (worker/generator.py)."""

AGGREGATED_BYTES = 20
"""Around a record in an aggregate, its key included: measured."""
MOST_AGGREGATE_BYTES = 51_200
"""worker/aggregator.py; the KPL's default."""
LINGER_SECONDS = 0.1
"""How long an aggregate stays open at most (worker/gatherers.py)."""


@dataclass(frozen=True)
class Traffic:
    """What the records are like."""

    record_bytes: int = 420
    """Of what Kinesis counts as a record, key included."""
    aggregated: bool = False
    keys: int | None = POSTERS
    """Partition keys that all have as many records; None: so many that shards fill evenly."""
    hot_share: float = 0.0
    """The part of the records that one more partition key has."""
    hot_hash: int = 0

    def packing(self, rate: float, shards: Sequence[Shard]) -> tuple[float, int]:
        """User records in an entry, and its bytes, for a task that makes `rate` of them a second.

        Aggregated, one entry is open for each shard; it goes when it is full or has lingered.
        """
        if not self.aggregated:
            return 1.0, self.record_bytes
        each = self.record_bytes + AGGREGATED_BYTES
        together = max(1.0, min(rate / len(shards) * LINGER_SECONDS, MOST_AGGREGATE_BYTES / each))
        return together, round(together * each)

    def shares(self, shards: Sequence[Shard]) -> NDArray[np.float64]:
        """The part of the records that goes to each of the open shards, in order."""
        starts = np.array([shard.start / HASH_SPACE for shard in shards])
        if self.keys is None:
            shares = np.diff(starts, append=1.0)
        else:
            places = np.searchsorted(starts, _positions(self.keys), side="right") - 1
            shares = np.bincount(places, minlength=len(shards)) / self.keys
        shares *= 1 - self.hot_share
        shares[np.searchsorted(starts, self.hot_hash / HASH_SPACE, side="right") - 1] += (
            self.hot_share
        )
        return shares


@lru_cache(maxsize=4)
def _positions(keys: int) -> NDArray[np.float64]:
    """Where the worker's keys lie in the hash space, from 0 to 1."""
    return np.array([hash_of(f"user-{number:05d}") / HASH_SPACE for number in range(keys)])
