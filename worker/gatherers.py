"""Puts together what makes requests of records, for AGGREGATION=off and on.

Off, the collector takes records as they are. On, the aggregator packs them first, by the shards of
the stream; when an answer says that an aggregate went to another shard than the map says, the
stream was resharded, and the map is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from worker.aggregator import Aggregator
from worker.collector import Batch, Collector
from worker.encoding import Outcome
from worker.pacer import NS
from worker.pipeline import Gatherer
from worker.record import Entry, Record
from worker.shardmap import ShardMap

LINGER_NS = 100_000_000
"""How long a record waits for company once it is due: the KPL's default, RecordMaxBufferedTime."""
REMAP_PAUSE_NS = 5 * NS
"""The shortest time between two readings of the shard map."""

Change = Callable[[], None]


class Gathering(Protocol):
    """A gatherer, and what keeps it right."""

    @property
    def gatherer(self) -> Gatherer: ...

    def surprised(self, batch: Batch, outcome: Outcome, now_ns: int) -> Callable[[], Change] | None:
        """What to do about an answer, if anything: first in a thread, then in the pipeline's."""


class Plain:
    """AGGREGATION=off: every record is an entry of its own."""

    def __init__(self) -> None:
        self.gatherer: Gatherer = Collector(LINGER_NS)

    def surprised(self, batch: Batch, outcome: Outcome, now_ns: int) -> None:
        """Nothing to keep right: Kinesis finds the shard."""
        del batch, outcome, now_ns


class Aggregated:
    """AGGREGATION=on: the aggregator before the collector."""

    def __init__(self, shards: ShardMap, read_shards: Callable[[], ShardMap | None]) -> None:
        """`read_shards` returns None where the map can't be had: then the old one goes on."""
        self._shards = shards
        self._read_shards = read_shards
        self._packer = _Packer(shards)
        self._next_look_ns = 0

    @property
    def gatherer(self) -> Gatherer:
        return self._packer

    def surprised(self, batch: Batch, outcome: Outcome, now_ns: int) -> Callable[[], Change] | None:
        if now_ns < self._next_look_ns or not self._astray(batch, outcome):
            return None
        self._next_look_ns = now_ns + REMAP_PAUSE_NS
        return self._look_again

    def _look_again(self) -> Change:
        shards = self._read_shards()

        def change() -> None:
            if shards is not None:
                self._shards = shards
                self._packer.remap(shards)

        return change

    def _astray(self, batch: Batch, outcome: Outcome) -> bool:
        expected = {shard.hash_key: shard.shard_id for shard in self._shards.shards}
        return any(
            shard_id is not None
            and isinstance(item, Entry)
            and item.explicit_hash_key is not None
            and expected.get(item.explicit_hash_key) != shard_id
            for item, shard_id in zip(batch.items, outcome.shard_ids, strict=False)
        )


class _Packer:
    """Aggregates, then collects; all that lingers goes at once, so that a request is worth it."""

    def __init__(self, shards: ShardMap) -> None:
        self._aggregator = Aggregator(shards, LINGER_NS)
        self._collector = Collector(LINGER_NS)
        self._remapped: list[Entry] = []

    @property
    def deadline_ns(self) -> int | None:
        times = (self._aggregator.deadline_ns, self._collector.deadline_ns)
        return min((time for time in times if time is not None), default=None)

    def add(self, items: Sequence[Record], since_ns: int) -> list[Batch]:
        return self._collector.add(self._aggregator.add(items, since_ns), since_ns)

    def overdue(self, now_ns: int) -> list[Batch]:
        deadline_ns = self.deadline_ns
        return self._all(now_ns) if deadline_ns is not None and now_ns >= deadline_ns else []

    def drain(self) -> list[Batch]:
        return self._all(0)

    def remap(self, shards: ShardMap) -> None:
        """Pack by another map from now on."""
        self._remapped += self._aggregator.remap(shards)

    def _all(self, now_ns: int) -> list[Batch]:
        entries = [*self._remapped, *self._aggregator.drain()]
        self._remapped = []
        return [*self._collector.add(entries, now_ns), *self._collector.drain()]
