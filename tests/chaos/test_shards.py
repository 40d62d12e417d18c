"""Kinesis doesn't tell its shards: at the start, for good, and while a stream is resharded.

Aggregation goes by the shards, so a worker asks for them when it begins, and whenever an aggregate
went to another shard than it thought.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import EmbeddedStack
from tests.chaos.proxy import FaultProxy, Rule
from tests.chaos.site import Site, kinesis_of
from tests.e2e.demos import wait_until

AGGREGATED = {"AGGREGATION": "on", "TARGET_TPS": 1_000}
TRIES = 3
TIME_SCALE = 300
"""A shard that takes too much is split three seconds later."""


def throttled(times: int | None = None) -> Rule:
    return {
        "service": "kinesis",
        "operation": "ListShards",
        "times": times,
        "error": {"code": "LimitExceededException"},
    }


@pytest.mark.long
def test_shards_that_are_told_at_the_third_try_are_enough(site: Site, proxy: FaultProxy) -> None:
    proxy.rules(throttled(TRIES - 1))
    worker = site.worker(proxy.endpoint, 6, AGGREGATED)
    outcome = site.outcome(worker, "ListShards throttled at the start, twice", proxy.fired)
    outcome.assert_all_arrived()
    assert outcome.proof.duplicates == 0


@pytest.mark.long
def test_without_shards_a_worker_ends_and_says_so(site: Site, proxy: FaultProxy) -> None:
    proxy.rules(throttled())
    worker = site.worker(proxy.endpoint, 6, AGGREGATED)
    said = worker.refusal()
    assert f"stream {site.stream} can't be used" in said
    assert "LimitExceededException" in said
    assert proxy.fired() == TRIES
    assert list(worker.folder.iterdir()) == []


@pytest.fixture
def resharding(tmp_path: Path) -> Iterator[tuple[Site, FaultProxy]]:
    """A stream that is split under load, behind microburst."""
    settings = {"ON_DEMAND_MODEL": "on", "TIME_SCALE": str(TIME_SCALE)}
    with (
        EmbeddedStack(tmp_path / "stack", settings) as stack,
        FaultProxy(stack.endpoint, tmp_path) as proxy,
    ):
        kinesis_of(stack, proxy.endpoint).list_streams()
        site = Site(stack, tmp_path, "resharding")
        yield site, proxy
        site.close()


@pytest.mark.long
def test_shards_that_are_not_told_while_a_stream_is_split_cost_no_record(
    resharding: tuple[Site, FaultProxy],
) -> None:
    site, proxy = resharding
    settings = {**AGGREGATED, "TARGET_TPS": 18_000, "WORKER_PROCESSES": 1}
    worker = site.worker(proxy.endpoint, 16, settings)
    wait_until("the first records", lambda: proxy.requests() > 5)
    proxy.rules(throttled())
    time.sleep(10)
    fired = proxy.fired()
    proxy.rules()
    outcome = site.outcome(worker, "ListShards throttled while a stream is split", fired)
    assert outcome.ledger["restarts"] == 0
    assert outcome.untold == outcome.proof.duplicates == 0
    assert outcome.proof.lost == outcome.ledger["failed"]
    problems = [e["problem"] for e in outcome.events if e["event"] == "shards_not_read"]
    assert len(problems) == fired
    assert all("LimitExceededException" in problem for problem in problems)
