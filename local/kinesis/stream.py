"""One stream of the data plane: the model says what is taken, the log keeps it.

The model's seconds are the clock's whole ones, from the stream's beginning on; it is brought up to
the present whenever the stream is touched, so a stream that nobody looks at costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from local.kinesis.log import ShardLog, StreamLog, sequence_number
from local.kinesis.requests import check_entries
from ondemand.shards import hash_of
from ondemand.stream import OnDemandStream

THROTTLE = "ProvisionedThroughputExceededException"
RETENTION_SECONDS = 86_400.0
_TRIM_EVERY = 60
_MAX_KEYS = 65_536


@dataclass
class Traffic:
    """What came since it was last asked for; the names are CloudWatch's."""

    records: int = 0
    bytes: int = 0
    throttled: int = 0


class ModelledStream:
    """A stream that takes records as an on-demand stream would."""

    def __init__(
        self,
        name: str,
        account: str,
        model: OnDemandStream | None,
        shards: StreamLog,
        now: float,
        warm_mibps: int = 0,
    ) -> None:
        """Without a model it takes everything. `now` is epoch seconds, here and below."""
        self.name = name
        self.warm_mibps = warm_mibps
        self._account = account
        self._model = model
        self._log = shards
        self.began = now
        self._open = [log for log in shards.shards if log.ending is None]
        self._hashes: dict[str, int] = {}
        self._ticks = 0
        self._traffic = Traffic()

    @property
    def shards(self) -> list[ShardLog]:
        return self._log.shards

    @property
    def open_shards(self) -> int:
        return len(self._open)

    @property
    def held_bytes(self) -> int:
        """Memory that its records take."""
        return self._log.held_bytes

    def shed(self, most_bytes: int) -> int:
        """Forget the oldest records until no more is held; return how many."""
        return self._log.shed(most_bytes)

    def shard(self, shard_id: str) -> ShardLog | None:
        return self._log.shard(shard_id)

    def warm(self, mibps: int) -> None:
        """Ask for warm throughput, MiB/s."""
        self.warm_mibps = mibps
        if self._model is not None:
            self._model.warm(mibps)

    def traffic(self) -> Traffic:
        """What came since the last call."""
        traffic, self._traffic = self._traffic, Traffic()
        return traffic

    def advance(self, now: float) -> None:
        """Bring the model to the present, and the shards to what it says."""
        seconds = math.floor(now) - math.floor(self.began) - self._ticks
        if seconds <= 0:
            return
        self._ticks += seconds
        if self._ticks // _TRIM_EVERY != (self._ticks - seconds) // _TRIM_EVERY:
            self._log.trim(now - RETENTION_SECONDS)
        if self._model is None:
            return
        changes = self._model.tick(seconds)
        for change in changes:
            self._log.change(change, math.floor(self.began) + change.second)
        if changes:
            self._open = [self._at(shard.shard_id) for shard in self._model.shards]

    def put(self, entries: Sequence[Mapping[str, Any]], now: float) -> tuple[int, list[bytes]]:
        """Take what can be taken; return how many entries were throttled, and each one's answer."""
        sizes = check_entries(entries)
        self.advance(now)
        stamp = b'","ApproximateArrivalTimestamp":%.3f,"Data":"' % now
        answers = []
        throttled = 0
        for entry, size in zip(entries, sizes, strict=True):
            place = self._place(entry)
            log = self._open[place]
            if self._model is not None and not self._model.admit(place, size):
                throttled += 1
                answers.append(self._throttled(log))
                continue
            number = self._log.take_number()
            sequence = sequence_number(number).encode()
            key = orjson.dumps(entry["PartitionKey"])
            data = entry["Data"].encode()
            log.append(
                b'{"SequenceNumber":"'
                + sequence
                + stamp
                + data
                + b'","PartitionKey":'
                + key
                + b"}",
                number,
                now,
            )
            answers.append(
                b'{"SequenceNumber":"%b","ShardId":"%b"}' % (sequence, log.shard.shard_id.encode())
            )
            self._traffic.bytes += size
        self._traffic.records += len(entries) - throttled
        self._traffic.throttled += throttled
        return throttled, answers

    def _place(self, entry: Mapping[str, Any]) -> int:
        explicit = entry.get("ExplicitHashKey")
        hash_key = self._hash(entry["PartitionKey"]) if explicit is None else int(explicit)
        if self._model is not None:
            return self._model.place_of(hash_key)
        return next(i for i, log in enumerate(self._open) if hash_key <= log.shard.end)

    def _hash(self, key: str) -> int:
        try:
            return self._hashes[key]
        except KeyError:
            if len(self._hashes) >= _MAX_KEYS:
                self._hashes.clear()
            found = self._hashes[key] = hash_of(key)
            return found

    def _throttled(self, log: ShardLog) -> bytes:
        message = (
            f"Rate exceeded for shard {log.shard.shard_id} in stream {self.name} "
            f"under account {self._account}."
        )
        return orjson.dumps({"ErrorCode": THROTTLE, "ErrorMessage": message})

    def _at(self, shard_id: str) -> ShardLog:
        log = self._log.shard(shard_id)
        if log is None:
            raise RuntimeError(f"the model has a shard that the log lacks: {shard_id}")
        return log
