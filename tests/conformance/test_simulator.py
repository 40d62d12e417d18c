"""The simulator against the worker's own code: record by record, with all that chance does to it.

The simulator reckons with means; the worker waits at random, and gathers before it sends. What both
make of the same plan has to agree.
"""

from __future__ import annotations

import pytest

from ondemand.policy import Policy
from ondemand.simulator import Row, simulate
from ondemand.traffic import Traffic
from ondemand.workload import Launching, Phase, of_phases
from tests.virtual import run
from worker.generator import Generator, Origin

QUICK = (Phase(100, 10, 1), Phase(6_000, 15, 2), Phase(12_000, 15, 4), Phase(100, 10, 1))
STARVED = (Phase(100, 5, 1), Phase(5_000, 30, 5), Phase(3_000, 20, 3), Phase(100, 30, 1))


def simulated(phases: tuple[Phase, ...], start: float, policy: Policy) -> list[Row]:
    launching = Launching(start_seconds=start, burst=1_000)
    seconds = of_phases(phases, launching)
    posts = Generator(Origin("virtual", 1, "pool-1"), 0, seed=1).posts(list(range(1_000)))
    size = round(sum(post.size for post in posts) / len(posts))
    return list(simulate(seconds, policy, Traffic(record_bytes=size)))


def test_the_quick_plan_on_a_stream_that_grows() -> None:
    """Its refusals depend on when within a second the tasks begin: both go along with it."""
    policy = Policy().faster(180)
    refused, refused_by_model = 0, 0.0
    for start in (0.0, 0.3, 0.75, 0.9):
        world, tasks = run(QUICK, start, policy)
        rows = simulated(QUICK, start, policy)
        throttled = sum(row.throttled for row in rows)
        assert world.throttled == pytest.approx(throttled, rel=0.1)
        generated = sum(task.ledger.generated for task in tasks)
        assert generated == sum(task.ledger.delivered for task in tasks) == world.accepted
        assert sum(row.accepted for row in rows) == pytest.approx(generated, rel=0.002)
        assert len(world.stream.shards) == pytest.approx(rows[-1].shards, rel=0.1)
        refused, refused_by_model = refused + world.throttled, refused_by_model + throttled
    assert refused == pytest.approx(refused_by_model, rel=0.05)


def test_a_stream_that_is_too_small_for_long_and_does_not_grow() -> None:
    world, tasks = run(STARVED, 0.3, Policy())
    rows = simulated(STARVED, 0.3, Policy())
    failed = sum(task.ledger.failed for task in tasks)
    assert world.accepted == pytest.approx(sum(row.accepted for row in rows), rel=0.05)
    assert world.throttled == pytest.approx(sum(row.throttled for row in rows), rel=0.05)
    assert failed + world.accepted == sum(task.ledger.generated for task in tasks)
    given_up = sum(row.failed for row in rows)
    assert failed == pytest.approx(given_up, abs=0.01 * world.accepted)
