"""Demos on the embedded stack: all records accounted for, side by side, killed, stopped, lost."""

import io
import json
import os
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from client.api import ApiError
from client.console import Console
from local.platform import LocalPlatform
from local.summary import Summary
from tests.e2e.demos import (
    ended,
    in_phase,
    ledgers,
    left_of,
    plan,
    pools,
    posts,
    proof,
    sending_from,
    wait_until,
    whole,
    worker_phase,
)
from tests.e2e.series import (
    assert_the_plan_was_followed,
    assert_the_series_add_up,
    costs_told,
)


def assert_nothing_lost(summary: Summary) -> None:
    whole(summary)
    assert summary.generated == summary.delivered == summary.acknowledged > 0
    assert summary.failed == 0


def assert_nothing_left(platform: LocalPlatform, demo_id: str) -> None:
    """No service, no task definition, no stream at once, and no process soon."""
    assert [left for left in left_of(platform, demo_id) if not left.startswith("process")] == []
    wait_until(f"the processes of {demo_id} to end", lambda: not left_of(platform, demo_id))


def test_five_demos_at_once_succeed_and_stopping_another_leaves_them_alone(
    platform: LocalPlatform,
) -> None:
    # Long enough for two CPUs to start all their workers in a phase.
    body = plan(seconds=(6, 6, 6, 6))
    sixth = platform.api.start(plan(seconds=(300, 1, 1, 1)))["demoId"]
    five = [platform.api.start(body)["demoId"] for _ in range(4)]
    with pytest.raises(ApiError, match=f"MaxDemos.*{sixth}") as refused:
        platform.api.start(body)
    assert refused.value.status == 429
    sending_from(platform, sixth, 1, tasks=1)
    platform.api.stop(sixth)
    five.append(platform.api.start(body)["demoId"])
    for demo_id in five:
        summary = proof(platform, demo_id)
        assert_nothing_lost(summary)
        assert [phase.task_count for phase in summary.phases] == [1, 1, 2, 1]
        assert_nothing_left(platform, demo_id)
        series = assert_the_series_add_up(platform, demo_id)
        assert_the_plan_was_followed(platform.api.get(demo_id), series)
        # Once for each phase and at the end; a stack that is silent for too long isn't told again.
        assert 1 <= costs_told(platform, demo_id) <= 5
    stopped = proof(platform, sixth)
    assert stopped.status == "ABORTED"
    assert (stopped.lost, stopped.foreign) == (0, 0)
    assert_nothing_left(platform, sixth)
    assert_the_series_add_up(platform, sixth)


def test_a_killed_producer_is_replaced_and_only_its_memory_is_lost(
    platform: LocalPlatform,
) -> None:
    demo_id = platform.api.start(plan(seconds=(1, 1, 300, 1)))["demoId"]
    in_phase(platform, demo_id, 3)
    pool = next(p for p in pools(demo_id) if worker_phase(p) == 3)
    producer = wait_until("a producer", pool.children)[0]
    sending_from(platform, demo_id, 3, tasks=2)
    producer.kill()
    wait_until("its successor", lambda: [c for c in pool.children() if c.pid != producer.pid])
    platform.api.stop(demo_id)
    summary = proof(platform, demo_id)
    books = ledgers(platform, demo_id).ledgers
    died = sum(ledger.failed_by_cause.get("process_died", 0) for ledger in books)
    assert summary.status == "ABORTED"
    assert summary.lost is not None
    assert summary.generated == summary.delivered + summary.lost
    assert summary.failed == died >= summary.lost
    assert len(summary.lost_by_producer) <= 1
    assert (summary.foreign, summary.killed_workers) == (0, 0)


def test_a_killed_task_is_replaced_and_only_its_memory_is_lost(platform: LocalPlatform) -> None:
    demo_id = platform.api.start(plan(seconds=(1, 1, 300, 1)))["demoId"]
    in_phase(platform, demo_id, 3)
    sending_from(platform, demo_id, 3, tasks=2)
    victim = next(p for p in pools(demo_id) if worker_phase(p) == 3)
    victim.kill()
    sending_from(platform, demo_id, 3, tasks=3)
    platform.api.stop(demo_id)
    summary = proof(platform, demo_id)
    books = ledgers(platform, demo_id).ledgers
    killed = [ledger for ledger in books if ledger.recovered]
    assert summary.status == "ABORTED"
    assert (summary.killed_workers, len(killed)) == (1, 1)
    assert summary.lost is not None
    assert summary.generated == summary.delivered + summary.lost
    assert summary.failed == killed[0].failed_by_cause.get("process_died", 0) >= summary.lost
    assert set(summary.lost_by_producer) <= set(killed[0].generated_by_producer)
    assert summary.foreign == 0
    assert len([ledger for ledger in books if ledger.phase == 3]) == 3


def test_delete_in_phase_3_stops_every_record(platform: LocalPlatform) -> None:
    demo_id = platform.api.start(plan(seconds=(2, 2, 300, 2)))["demoId"]
    sending_from(platform, demo_id, 3, tasks=2)
    platform.api.stop(demo_id)
    deleted_ms = time.time() * 1000
    platform.api.stop(demo_id)
    summary = proof(platform, demo_id)
    assert summary.status == "ABORTED"
    assert (summary.lost, summary.foreign) == (0, 0)
    assert_nothing_left(platform, demo_id)
    assert max(post.arrived_ms for post in posts(platform, demo_id)) < deleted_ms + 60_000


def test_workers_whose_whole_aws_is_gone_end_by_their_own_clocks(tmp_path: Path) -> None:
    with LocalPlatform(tmp_path, Console(io.StringIO())) as doomed:
        demo_id = doomed.api.start(plan(seconds=(1, 1, 30, 1)))["demoId"]
        demo = in_phase(doomed, demo_id, 3)
        sending_from(doomed, demo_id, 3, tasks=2)
        wait_until("both tasks", lambda: len(pools(demo_id)) == 2)
        os.kill(doomed.stack.pid, signal.SIGKILL)
        left = _unix_ms(demo["phases"][2]["ends_at"]) / 1000 - time.time()
        wait_until("the workers' own end", lambda: not pools(demo_id), left + 90)
        printed = [log.read_text() for log in tmp_path.glob("tasks/*/output.log")]
    books = [line for text in printed for line in parse_ledgers(text, demo_id)]
    cut_off = [line for line in books if line["failed"]]
    assert len(cut_off) == 2
    for line in cut_off:
        assert line["generated"] == line["delivered"] + line["failed"]
        assert set(line["failed_by_cause"]) <= {"drain_timeout", "unreachable"}


def test_the_same_name_again_is_refused(platform: LocalPlatform) -> None:
    body = {"name": "named-once", **plan(seconds=(1, 1, 1, 1))}
    assert platform.api.start(body)["demoId"] == "named-once"
    with pytest.raises(ApiError) as caught:
        platform.api.start(body)
    assert caught.value.status == 409
    ended(platform, "named-once")
    with pytest.raises(ApiError) as caught:
        platform.api.start(body)
    assert caught.value.status == 409


def test_demos_are_listed_newest_first_page_by_page(platform: LocalPlatform) -> None:
    made = [platform.api.start(plan(seconds=(1, 1, 1, 1)))["demoId"] for _ in range(3)]
    page = platform.api.list(2)
    assert [demo["demoId"] for demo in page["demos"]] == made[:0:-1]
    rest = platform.api.list(2, page["nextToken"])
    assert rest["demos"][0]["demoId"] == made[0]
    for demo_id in made:
        ended(platform, demo_id)


def parse_ledgers(output: str, demo_id: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines()]
    return [line for line in lines if line["event"] == "ledger" and line["demo_id"] == demo_id]


def _unix_ms(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() * 1000
