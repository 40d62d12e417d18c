"""The model of an on-demand stream: its laws, for any traffic, and what AWS says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondemand.policy import MIB, BadPolicy, Mode, Policy
from ondemand.shards import HASH_SPACE, Shard, hash_of, split
from ondemand.stream import Change, OnDemandStream, Taken
from ondemand.traffic import Traffic

QUICK = Policy().faster(60)
"""Splits 15 seconds after the traffic rose."""
Second = tuple[int, int, int]
"""Records a second, bytes of one, and which part of the key space gets a quarter of them."""

seconds = st.lists(
    st.tuples(st.integers(0, 300_000), st.integers(1, 5_000), st.integers(0, 7)),
    min_size=1,
    max_size=60,
)
EVENLY = Traffic(keys=None)
policies = st.builds(
    lambda warm, most, down: replace(
        QUICK, warm_mibps=warm, most_shards=most, scale_down_seconds=down, peak_seconds=20
    ),
    st.sampled_from([0, 7, 30]),
    st.sampled_from([4, 9, 200]),
    st.sampled_from([5, 1440]),
)


def spread(stream: OnDemandStream, second: Second) -> tuple[np.ndarray, np.ndarray]:
    total, size, hot = second
    records = (EVENLY.shares(stream.shards) * total * 0.75).astype(np.int64)
    records[min(hot, len(records) - 1)] += total // 4
    return records, records * size


def run(stream: OnDemandStream, traffic: Sequence[Second]) -> list[tuple[Taken, list[Change]]]:
    return [(stream.offer(*spread(stream, second)), stream.tick()) for second in traffic]


def steady(stream: OnDemandStream, per_second: int, seconds: int, size: int = 400) -> int:
    """Offer even traffic; return how many records were throttled."""
    throttled = 0
    for _ in range(seconds):
        records = (EVENLY.shares(stream.shards) * per_second).astype(np.int64)
        throttled += int(stream.offer(records, records * size).throttled.sum())
        stream.tick()
    return throttled


def assert_partition(shards: Sequence[Shard]) -> None:
    assert (shards[0].start, shards[-1].end) == (0, HASH_SPACE - 1)
    for left, right in pairwise(shards):
        assert left.end + 1 == right.start


@given(policies, seconds)
def test_what_is_offered_is_taken_or_throttled_within_each_shards_limits(
    policy: Policy, traffic: list[Second]
) -> None:
    stream = OnDemandStream(policy)
    for second in traffic:
        records, sizes = spread(stream, second)
        taken = stream.offer(records, sizes)
        assert (taken.records + taken.throttled == records).all()
        assert (taken.records <= policy.shard_records).all()
        assert (taken.bytes <= policy.shard_bytes).all()
        assert (taken.records >= 0).all()
        stream.tick()


@given(policies, seconds)
def test_the_open_shards_always_partition_the_key_space(
    policy: Policy, traffic: list[Second]
) -> None:
    stream = OnDemandStream(policy)
    numbers = [shard.number for shard in stream.shards]
    for _, changes in run(stream, traffic):
        assert_partition(stream.shards)
        assert len(stream.shards) <= policy.most_shards
        for change in changes:
            numbers += [shard.number for shard in change.opened]
            assert_same_range(change)
    assert len(set(numbers)) == len(numbers)


def assert_same_range(change: Change) -> None:
    closed, opened = change.closed, change.opened
    assert (closed[0].start, closed[-1].end) == (opened[0].start, opened[-1].end)
    parents = {shard.number for shard in closed}
    for shard in opened:
        assert {shard.parent, shard.adjacent_parent} - {None} == parents


@given(policies, seconds)
def test_capacity_falls_only_when_the_peak_asks_for_less_and_never_below_the_least(
    policy: Policy, traffic: list[Second]
) -> None:
    stream = OnDemandStream(policy)
    before = len(stream.shards)
    for _, changes in run(stream, traffic):
        now = len(stream.shards)
        if now < before:
            assert stream.second % policy.scale_down_seconds == 0
            assert now >= policy.headroom * stream.peak
            assert all(len(change.opened) == 1 for change in changes if len(change.closed) == 2)
        assert now >= policy.least_shards
        before = now


@given(policies, seconds)
def test_the_same_input_gives_the_same_output(policy: Policy, traffic: list[Second]) -> None:
    one, other = OnDemandStream(policy), OnDemandStream(policy)
    for (taken, changes), (taken_too, changes_too) in zip(
        run(one, traffic), run(other, traffic), strict=True
    ):
        assert (taken.records == taken_too.records).all()
        assert changes == changes_too
    assert one.shards == other.shards


@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=1_500))
def test_records_admitted_one_by_one_meet_the_same_limits(sizes: list[int]) -> None:
    stream = OnDemandStream(Policy())
    records = used = 0
    for size in sizes:
        fits = records < 1_000 and used + size <= MIB
        assert stream.admit(2, size) == fits
        records, used = records + fits, used + size * fits
    assert stream.admit(1, 1)


def test_a_fresh_stream_takes_four_thousand_records_and_four_megabytes_a_second() -> None:
    stream = OnDemandStream(Policy())
    assert steady(stream, 4_000, 1) == 0
    assert steady(stream, 5_000, 1) == 1_000
    records = np.full(4, 100)
    assert stream.offer(records, records * 16_384).throttled.sum() == 4 * (100 - 64)


def test_a_stream_doubles_within_fifteen_minutes_of_sustained_traffic() -> None:
    stream = OnDemandStream(Policy())
    assert steady(stream, 8_000, 15 * 60) == 4_000 * 15 * 60
    assert len(stream.shards) == 8
    assert steady(stream, 8_000, 1) == 0


def test_traffic_of_up_to_twice_the_peak_is_taken_at_once() -> None:
    stream = OnDemandStream(Policy())
    steady(stream, 4_000, 20 * 60)
    assert steady(stream, 8_000, 60) == 0


def test_a_shard_that_takes_half_of_what_it_can_is_left_alone() -> None:
    stream = OnDemandStream(Policy())
    steady(stream, 2_000, 3_600)
    assert len(stream.shards) == 4


@pytest.mark.parametrize(("kilobytes", "shards"), [(520, 4), (530, 8)])
def test_a_shard_that_takes_more_than_half_of_its_bytes_is_split_within_fifteen_minutes(
    kilobytes: int, shards: int
) -> None:
    stream = OnDemandStream(Policy())
    # Half of what a shard takes is 512 KiB, which are 524 KB; it gets ten records a second.
    steady(stream, 40, 15 * 60, kilobytes * 100)
    assert len(stream.shards) == shards


@given(st.integers(0, HASH_SPACE - 2), st.integers(1, HASH_SPACE - 1))
def test_a_shard_is_split_in_halves_of_its_hash_keys(start: int, length: int) -> None:
    shard = Shard(7, start, min(start + length, HASH_SPACE - 1))
    left, right = split(shard, 8)
    assert_partition_of(shard, left, right)
    assert abs(left.width - right.width) <= 1


def assert_partition_of(shard: Shard, left: Shard, right: Shard) -> None:
    assert (left.start, left.end + 1, right.end) == (shard.start, right.start, shard.end)
    assert left.parent == right.parent == shard.number


def test_a_hot_key_isnt_helped_by_splitting() -> None:
    stream = OnDemandStream(Policy())
    for _ in range(3_600):
        records = np.zeros(len(stream.shards), np.int64)
        records[stream.place_of(hash_of("hot"))] = 2_000
        assert stream.offer(records, records * 100).throttled.sum() == 1_000
        stream.tick()
    assert len(stream.shards) > 4


def test_a_warm_stream_takes_its_throughput_at_once() -> None:
    assert steady(OnDemandStream(replace(Policy(), warm_mibps=50)), 50_000, 10) == 0


def test_an_existing_stream_is_warm_some_minutes_after_it_was_asked() -> None:
    stream = OnDemandStream(Policy())
    stream.warm(50)
    stream.tick(Policy().warm_seconds - 1)
    assert len(stream.shards) == 4
    stream.tick()
    assert len(stream.shards) == 50
    assert_partition(stream.shards)


def test_a_stream_shrinks_when_its_peak_is_forgotten() -> None:
    policy = replace(Policy().faster(60), peak_seconds=100, scale_down_seconds=20)
    stream = OnDemandStream(policy)
    steady(stream, 8_000, 60)
    assert len(stream.shards) == 16
    steady(stream, 100, 300)
    assert len(stream.shards) == 4
    assert_partition(stream.shards)


def test_a_peak_is_remembered_for_thirty_days() -> None:
    hourly = Policy().faster(3_600)
    """An hour is a second: a peak is remembered for 720."""
    stream = OnDemandStream(hourly)
    steady(stream, 8_000, 4)
    assert len(stream.shards) == 16
    steady(stream, 100, 719)
    assert len(stream.shards) == 16
    steady(stream, 100, 100)
    assert len(stream.shards) == 4


def test_a_stream_doesnt_grow_beyond_the_regions_ceiling() -> None:
    stream = OnDemandStream(QUICK)
    steady(stream, 1_000_000, 200)
    assert len(stream.shards) == 200
    elsewhere = OnDemandStream(replace(QUICK, most_shards=10))
    steady(elsewhere, 100_000, 60)
    assert len(elsewhere.shards) == 10


def test_provisioned_shards_stay_as_they_are() -> None:
    stream = OnDemandStream(replace(QUICK, mode=Mode.PROVISIONED))
    steady(stream, 100_000, 120)
    assert len(stream.shards) == 4


def test_a_policy_that_cant_be_names_every_parameter() -> None:
    with pytest.raises(BadPolicy, match="shard_records, split_share, warm_mibps"):
        Policy(shard_records=0, split_share=2, warm_mibps=-1)
