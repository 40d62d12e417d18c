"""Shards that go through the same together, so that ten thousand of them cost no more than a few.

Shards with the same share of the records, whose parents fared alike, have taken, refused and kept
waiting the same. A group is reckoned once, for all that are in it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ondemand.shards import Shard

Heirs = tuple[tuple[tuple[int, float], ...], ...]
"""For each new group: of which old ones its shards each have which part of a shard's worth."""


@dataclass(frozen=True)
class Groups:
    """How the open shards, in order, fall into groups."""

    of_shard: NDArray[np.int64]
    """The group of each shard."""
    first: NDArray[np.int64]
    """The place of each group's first shard."""
    sizes: NDArray[np.float64]
    """Shards in each group."""
    shares: NDArray[np.float64]
    """The part of the records that goes to each shard of a group."""


def fresh(shares: NDArray[np.float64]) -> Groups:
    """Groups of shards that have no past: those with the same share."""
    return _grouped([(share,) for share in shares.tolist()], shares)


def followed(
    old: Groups, before: Sequence[Shard], now: Sequence[Shard], shares: NDArray[np.float64]
) -> tuple[Groups, Heirs]:
    """The groups after a change of shards, and what each one's shards have from whom."""
    places = {shard.number: place for place, shard in enumerate(before)}
    families: dict[int, float] = {}
    for shard, share in zip(now, shares.tolist(), strict=True):
        if shard.parent is not None:
            families[shard.parent] = families.get(shard.parent, 0.0) + share
    heirs = [
        _heir(shard, share, families, places, old)
        for shard, share in zip(now, shares.tolist(), strict=True)
    ]
    groups = _grouped([(share, heir) for share, heir in zip(shares, heirs, strict=True)], shares)
    return groups, tuple(heirs[place] for place in groups.first)


def _heir(
    shard: Shard,
    share: float,
    families: Mapping[int, float],
    places: Mapping[int, int],
    old: Groups,
) -> tuple[tuple[int, float], ...]:
    if shard.number in places:
        return ((int(old.of_shard[places[shard.number]]), 1.0),)
    parents = [p for p in (shard.parent, shard.adjacent_parent) if p is not None]
    part = 1.0
    if len(parents) == 1:
        whole = families[parents[0]]
        part = share / whole if whole else 0.5
    return tuple((int(old.of_shard[places[parent]]), part) for parent in parents)


def _grouped(keys: Sequence[object], shares: NDArray[np.float64]) -> Groups:
    numbers: dict[object, int] = {}
    of_shard = np.array([numbers.setdefault(key, len(numbers)) for key in keys])
    first = np.unique(of_shard, return_index=True)[1]
    return Groups(of_shard, first, np.bincount(of_shard).astype(np.float64), shares[first])
