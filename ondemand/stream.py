"""One stream by the model: it takes or throttles what is offered, second by second, and grows.

    offer, admit   a second's records meet what each shard takes in a second
    tick           the second is over; what was taken is remembered, and now and then judged:
                   a shard that took more than half of what it can is split, some time later;
                   a stream that is larger than its remembered peak asks for loses shards

Both callers go through the same state: the simulator offers a whole second's traffic at once, as
arrays with a place for each open shard; the embedded stack has records admitted one by one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ondemand.policy import Mode, Policy
from ondemand.shards import Shard, even, merged, place_of, split

Counts = NDArray[np.int64]
"""A number for each open shard, in the order of their hash ranges."""


@dataclass(frozen=True)
class Taken:
    """What became of an offer, for each open shard."""

    records: Counts
    bytes: Counts
    throttled: Counts
    """Records."""


@dataclass(frozen=True)
class Change:
    """Shards that took the place of others."""

    second: int
    closed: tuple[Shard, ...]
    opened: tuple[Shard, ...]


class OnDemandStream:
    """A stream's state. The same calls in the same order give the same state, always."""

    def __init__(self, policy: Policy, shards: Iterable[Shard] | None = None) -> None:
        """`shards`, in order, cover the hash space; without them the stream is fresh."""
        self.policy = policy
        self.second = 0
        self._open = list(shards or even(policy.least_shards))
        self._starts = [shard.start for shard in self._open]
        self._next_number = max(shard.number for shard in self._open) + 1
        self._due: dict[int, int] = {}
        """When a shard is to be split, by its number."""
        self._warm_at: int | None = None
        self._peaks: deque[tuple[int, float]] = deque()
        """(second, traffic in shards' worth): each higher than all later ones."""
        self._records, self._bytes = _zeros(len(self._open)), _zeros(len(self._open))
        """What this second has brought."""
        self._window_records, self._window_bytes = self._records.copy(), self._bytes.copy()
        """What the window has brought before this second."""

    @property
    def shards(self) -> tuple[Shard, ...]:
        """The open shards, in the order of their hash ranges."""
        return tuple(self._open)

    @property
    def peak(self) -> float:
        """The highest traffic that is remembered, in shards' worth."""
        return self._peaks[0][1] if self._peaks else 0.0

    def place_of(self, hash_key: int) -> int:
        """The place among the open shards that a hash key belongs to."""
        return place_of(hash_key, self._starts)

    def admit(self, place: int, size: int) -> bool:
        """Whether a shard takes one record of `size` bytes (with its key) in this second."""
        policy = self.policy
        fits = (
            self._records[place] < policy.shard_records
            and self._bytes[place] + size <= policy.shard_bytes
        )
        if fits:
            self._records[place] += 1
            self._bytes[place] += size
        return bool(fits)

    def offer(self, records: Counts, sizes: Counts) -> Taken:
        """Offer records, `sizes` bytes of them in all, to each open shard in this second.

        A shard's records count as equally large.
        """
        policy = self.policy
        room = policy.shard_records - self._records
        mean = np.maximum(1, -(-sizes // np.maximum(1, records)))
        room_for = (policy.shard_bytes - self._bytes) // mean
        taken = np.clip(np.minimum(records, np.minimum(room, room_for)), 0, None)
        taken_bytes = np.where(taken == records, sizes, taken * mean)
        self._records += taken
        self._bytes += taken_bytes
        return Taken(taken, taken_bytes, records - taken)

    def warm(self, mibps: int) -> None:
        """Ask for warm throughput, MiB/s; a larger stream is there `warm_seconds` later."""
        self.policy = replace(self.policy, warm_mibps=mibps)
        self._warm_at = self.second + self.policy.warm_seconds

    def tick(self, seconds: int = 1) -> list[Change]:
        """End this second, and the quiet ones after it; return what that changed."""
        changes: list[Change] = []
        for _ in range(seconds):
            self._window_records += self._records
            self._window_bytes += self._bytes
            self._records[:] = 0
            self._bytes[:] = 0
            self.second += 1
            if self.policy.mode is Mode.ON_DEMAND:
                changes += self._react()
        return changes

    def _react(self) -> list[Change]:
        policy = self.policy
        loads = None
        if self.second % policy.observation_seconds == 0:
            loads = self._judge()
        changes = self._split_what_is_due()
        if self._warm_at is not None and self.second >= self._warm_at:
            self._warm_at = None
            changes += self._grow_to(policy.least_shards)
        if self.second % policy.scale_down_seconds == 0:
            changes += self._shrink(loads)
        return changes

    def _judge(self) -> NDArray[np.float64]:
        """Look at what the window brought, and say which shards are to be split when."""
        policy = self.policy
        span = policy.observation_seconds
        by_records = self._window_records / (span * policy.shard_records)
        by_bytes = self._window_bytes / (span * policy.shard_bytes)
        loads = np.maximum(by_records, by_bytes)
        self._window_records[:] = 0
        self._window_bytes[:] = 0
        self._remember(float(max(by_records.sum(), by_bytes.sum())))
        room = policy.most_shards - len(self._open) - len(self._due)
        due = max(self.second, self.second - span + policy.reaction_seconds)
        hottest_first = np.argsort(-loads, kind="stable")
        hot = [self._open[place] for place in hottest_first if loads[place] > policy.split_share]
        new = [shard for shard in hot if shard.number not in self._due and shard.width > 1]
        for shard in new[: max(0, room)]:
            self._due[shard.number] = due
        return loads

    def _remember(self, traffic: float) -> None:
        while self._peaks and self._peaks[-1][1] <= traffic:
            self._peaks.pop()
        self._peaks.append((self.second, traffic))
        while self._peaks[0][0] <= self.second - self.policy.peak_seconds:
            self._peaks.popleft()

    def _split_what_is_due(self) -> list[Change]:
        now = {number for number, due in self._due.items() if due <= self.second}
        if not now:
            return []
        for number in now:
            del self._due[number]
        return self._split({place for place, s in enumerate(self._open) if s.number in now})

    def _grow_to(self, count: int) -> list[Change]:
        """Split the widest shards until there are that many."""
        changes: list[Change] = []
        while len(self._open) < count:
            widest = sorted(range(len(self._open)), key=lambda place: -self._open[place].width)
            changes += self._split(set(widest[: count - len(self._open)]))
        return changes

    def _split(self, places: set[int]) -> list[Change]:
        changes, shards = [], []
        for place, shard in enumerate(self._open):
            if place not in places:
                shards.append(shard)
                continue
            halves = split(shard, self._next_number)
            self._next_number += 2
            self._due.pop(shard.number, None)
            shards += halves
            changes.append(Change(self.second, (shard,), halves))
        self._reopen(shards)
        return changes

    def _shrink(self, loads: NDArray[np.float64] | None) -> list[Change]:
        """Merge the quietest neighbours, each shard once, down to what the peak asks for."""
        policy = self.policy
        wanted = max(policy.least_shards, math.ceil(policy.headroom * self.peak))
        surplus = len(self._open) - wanted
        if surplus <= 0 or loads is None or len(loads) != len(self._open):
            return []
        pairs = sorted(
            range(len(self._open) - 1), key=lambda left: (loads[left : left + 2].sum(), left)
        )
        chosen: set[int] = set()
        for left in pairs:
            quiet = loads[left : left + 2].sum() <= policy.split_share
            free = not chosen & {left - 1, left, left + 1}
            splitting = {self._open[left].number, self._open[left + 1].number} & self._due.keys()
            if quiet and free and not splitting and len(chosen) < surplus:
                chosen.add(left)
        return self._merge(chosen)

    def _merge(self, lefts: set[int]) -> list[Change]:
        changes, shards = [], []
        for place, shard in enumerate(self._open):
            if place - 1 in lefts:
                continue
            if place not in lefts:
                shards.append(shard)
                continue
            right = self._open[place + 1]
            whole = merged(shard, right, self._next_number)
            self._next_number += 1
            shards.append(whole)
            changes.append(Change(self.second, (shard, right), (whole,)))
        self._reopen(shards)
        return changes

    def _reopen(self, shards: list[Shard]) -> None:
        """Go on with these shards; new ones have taken nothing so far."""
        windows = zip(self._window_records, self._window_bytes, strict=True)
        before = {s.number: window for s, window in zip(self._open, windows, strict=True)}
        kept = [before.get(shard.number, (0, 0)) for shard in shards]
        self._open = shards
        self._starts = [shard.start for shard in shards]
        self._records, self._bytes = _zeros(len(shards)), _zeros(len(shards))
        self._window_records = np.array([records for records, _ in kept], np.int64)
        self._window_bytes = np.array([size for _, size in kept], np.int64)


def _zeros(count: int) -> Counts:
    return np.zeros(count, np.int64)
