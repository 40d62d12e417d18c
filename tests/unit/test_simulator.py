"""Workloads against the model: nothing is lost but what is given up, and the rules show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondemand import groups
from ondemand.policy import Policy
from ondemand.retrying import Retrying
from ondemand.shards import even, hash_of
from ondemand.simulator import DRAIN_SECONDS, Row, simulate
from ondemand.traffic import Traffic
from ondemand.workload import STEPS, Launching, Phase, of_phases, of_rates

QUICK = Policy().faster(180)


def run(rates: list[float], policy: Policy = QUICK, traffic: Traffic | None = None) -> list[Row]:
    return list(simulate(of_rates(rates, tasks=1), policy, traffic))


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 30_000), min_size=1, max_size=40),
    st.sampled_from([0.0, 0.3]),
    st.sampled_from([QUICK, replace(QUICK, scale_down_seconds=3, peak_seconds=5)]),
)
def test_every_record_is_accepted_or_given_up(rates: list[int], hot: float, policy: Policy) -> None:
    rows = run([float(rate) for rate in rates], policy, Traffic(hot_share=hot))
    offered = sum(row.offered for row in rows)
    ended = sum(row.accepted + row.failed for row in rows)
    # Whole records are offered: the rest of one for each shard and change may be left over.
    assert ended == pytest.approx(offered, abs=200 + 0.001 * offered)


@given(st.integers(1, 4_000))
def test_what_a_fresh_stream_takes_is_not_throttled(rate: int) -> None:
    rows = run([rate * 0.99] * 5, traffic=Traffic(keys=None))
    assert sum(row.throttled for row in rows) == 0


def test_a_spike_is_throttled_and_delivered_when_the_stream_has_grown() -> None:
    rows = run([100.0] * 5 + [8_000.0] * 20)
    assert sum(row.throttled for row in rows) > 0
    assert sum(row.failed for row in rows) < 1  # a record's dregs
    assert rows[-1].shards > 4
    assert rows[24].throttled == 0


def test_records_that_wait_too_long_are_given_up() -> None:
    rows = run([10_000.0] * 60, Policy())
    assert sum(row.failed for row in rows) > 0
    oldest = Retrying().time_to_live_seconds + Retrying().most_wait_seconds + 1
    assert max(row.p99_seconds or 0.0 for row in rows) <= oldest


def test_a_hot_key_is_throttled_however_large_the_stream_is() -> None:
    traffic = Traffic(hot_share=0.5, hot_hash=hash_of("hot"))
    rows = run([4_000.0] * 30, replace(QUICK, warm_mibps=100), traffic)
    assert all(row.throttled > 0 for row in rows[:30])


def test_the_same_workload_gives_the_same_rows() -> None:
    assert run([7_000.0] * 30) == run([7_000.0] * 30)


def test_a_phases_tasks_give_up_what_they_could_not_bring_out_after_its_end() -> None:
    at_once = Launching(start_seconds=0.0)
    seconds = of_phases([Phase(8_000, 20, 2), Phase(100, 60, 1)], at_once)
    rows = list(simulate(seconds, Policy()))
    of_first = [books for row in rows for books in row.books if books.phase == 1]
    assert sum(books.failed for books in of_first) > 0
    assert [row.second for row in rows if len(row.books) > 1][-1] <= 20 + DRAIN_SECONDS
    ended = sum(books.accepted + books.failed for books in of_first)
    assert ended == pytest.approx(160_000, rel=0.001)


@given(st.sampled_from([1, 7, 1_024, None]), st.integers(1, 64), st.floats(0, 1))
def test_every_record_has_its_shard(keys: int | None, shards: int, hot: float) -> None:
    traffic = Traffic(keys=keys, hot_share=hot, hot_hash=hash_of("hot"))
    assert traffic.shares(even(shards)).sum() == pytest.approx(1.0)


@given(st.integers(1, 40))
def test_what_waits_comes_back_whole_and_within_its_longest_wait(tries: int) -> None:
    spread = Retrying().spread(tries)
    assert spread.sum() == pytest.approx(1.0)
    longest = Retrying().longest_wait(tries) + Retrying().regathering_seconds
    assert len(spread) <= longest * STEPS + 2


def test_shards_that_fare_alike_are_reckoned_once() -> None:
    shards = even(1_000)
    assert len(groups.fresh(Traffic(keys=None).shares(shards)).sizes) < 10


def test_more_user_records_go_into_an_aggregate_the_fewer_shards_there_are() -> None:
    packing = [Traffic(aggregated=True).packing(1_000, even(n)) for n in (1, 4, 64)]
    together = [records for records, _ in packing]
    assert together == sorted(together, reverse=True)
    assert all(size <= 51_200 + 440 for _, size in packing)
