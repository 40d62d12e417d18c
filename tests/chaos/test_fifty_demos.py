"""Fifty demos at once on one stack: each is whole, and none has anything of another's."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from client.console import Console
from local.platform import LocalPlatform
from local.reader import Post, read_stream
from local.summary import Summary
from tests.chaos import record
from tests.chaos.control import proofs
from tests.chaos.record import Row
from tests.e2e.demos import left_of, plan, wait_until
from tests.e2e.deployments import deploy_sh

pytestmark = pytest.mark.long

DEMOS = 50
TPS = 4
SECONDS = 30
"""A phase: long enough for two CPUs to start fifty workers in it, if they have nothing else to do.
If they have, some phases may be over before their worker begins: then it sends nothing, and says
so. What was sent, not whether it was in time, is the question here."""
CALLERS = 4


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """A stack that lets so many demos run."""
    with LocalPlatform(tmp_path_factory.mktemp("platform"), Console(io.StringIO())) as up:
        most = ("--stage", "local", "--parameter", f"MaxDemos={DEMOS}")
        done = deploy_sh(up.stack, tmp_path_factory.mktemp("build"), *most)
        assert done.returncode == 0, done.stderr
        yield up


def all_ended(platform: LocalPlatform, seconds: float) -> dict[str, str]:
    """Every demo's status when none runs any more. Looks seldom: looking takes the workers' CPU."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        statuses = {d["demoId"]: d["status"] for d in platform.api.list(100)["demos"]}
        if "RUNNING" not in statuses.values():
            return statuses
        time.sleep(2)
    raise AssertionError(f"after {seconds:.0f} s some still run: {statuses}")


def metrics_agree(platform: LocalPlatform, summary: Summary) -> bool:
    """Whether the demo's own metrics tell what its own ledgers do, and no more."""
    told = platform.api.get(summary.demo_id)["records"]
    of_ledgers = (summary.generated, summary.acknowledged, summary.failed)
    return (told["generated"], told["delivered"], told["failed"]) == of_ledgers


def test_fifty_demos_at_once_are_each_whole_and_apart(platform: LocalPlatform) -> None:
    body = plan(tps=[TPS] * 4, seconds=[SECONDS] * 4, tasks=[1] * 4)
    names = [f"of-fifty-{number}" for number in range(DEMOS)]
    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(lambda name: platform.api.start({**body, "name": name}), names))
    running = [d for d in platform.api.list(100)["demos"] if d["status"] == "RUNNING"]
    assert len(running) == DEMOS
    assert platform.api.ask("POST", "/demo", body).status == 429

    statuses = all_ended(platform, 4 * SECONDS + 180)
    assert statuses == dict.fromkeys(names, "SUCCEEDED")
    platform.check()
    stream = list(read_stream(platform.kinesis, platform.output("StreamName")))
    owners = Counter(post.demo_id for post in stream if isinstance(post, Post))
    assert owners.keys() == set(names)
    assert sum(owners.values()) == len(stream)
    demos = {name: platform.api.get(name) for name in names}
    summaries = [summary for summary, _ in proofs(platform, demos).values()]
    for summary in summaries:
        assert summary.broken_tasks == summary.failed == 0, summary.complaints()
        assert summary.generated == summary.delivered == owners[summary.demo_id] > 0
        assert (summary.lost, summary.duplicates, summary.foreign) == (0, 0, 0)
        wait_until(f"metrics of {summary.demo_id}", partial(metrics_agree, platform, summary))
        assert left_of(platform, summary.demo_id) == []
    record.append(
        Row(
            fault=f"{DEMOS} demos at once",
            where="one stack and its demos",
            times=DEMOS,
            records=sum(s.generated for s in summaries),
            delivered=sum(s.delivered for s in summaries),
            failed=sum(s.failed for s in summaries),
            lost=sum(record.told(s.lost) for s in summaries),
            duplicates=sum(record.told(s.duplicates) for s in summaries),
            command=record.command_of_this_test(),
        )
    )
