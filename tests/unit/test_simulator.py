"""Workloads against the model: nothing is lost but what is given up, and the rules show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondemand.policy import Policy
from ondemand.shards import hash_of
from ondemand.simulator import Retrying, Row, Traffic, simulate
from ondemand.workload import of_rates

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
    rows = run([rate * 0.99] * 5)
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
    assert max(row.mean_wait for row in rows) <= Retrying().time_to_live_seconds + 1


def test_a_hot_key_is_throttled_however_large_the_stream_is() -> None:
    traffic = Traffic(hot_share=0.5, hot_hash=hash_of("hot"))
    rows = run([4_000.0] * 30, replace(QUICK, warm_mibps=100), traffic)
    assert all(row.throttled > 0 for row in rows[:30])


def test_the_same_workload_gives_the_same_rows() -> None:
    assert run([7_000.0] * 30) == run([7_000.0] * 30)
