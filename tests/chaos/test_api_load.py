"""A thousand requests a second: what the embedded stack can't serve it refuses, and nothing breaks.

A demo runs meanwhile, whose workflow and workers use the same stack: it must come out whole.
"""

from __future__ import annotations

import json

import psutil
import pytest

from local.admission import AT_ONCE
from local.platform import LocalPlatform
from tests.chaos import record
from tests.chaos.crowd import Answers, ask
from tests.chaos.record import Row
from tests.e2e.demos import in_phase, left_of, plan, proof

pytestmark = pytest.mark.long

RATE = 1_000
SECONDS = 10
MOST_BYTES_A_FUNCTION = 1_500_000_000
"""Of all Lambda processes together. Without a limit there were 9 GB of them at a fifth of this."""


def processes_of(platform: LocalPlatform) -> list[psutil.Process]:
    return psutil.Process(platform.stack.pid).children(recursive=True)


def memory(process: psutil.Process) -> int:
    """In bytes; of one that has ended meanwhile, none."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def rightly_answered(answers: Answers, demo_id: str) -> None:
    """Every answer is the truth or a refusal, and none is missing."""
    assert sum(answers.statuses.values()) == RATE * SECONDS
    assert set(answers.statuses) <= {"200", "404", "429"}, answers.statuses
    for (path, status), bodies in answers.bodies.items():
        found = [json.loads(body) for body in bodies]
        if status == 429:
            assert found == [{"message": "Too Many Requests"}]
        elif path == "/demo":
            assert all(demo_id in {d["demoId"] for d in body["demos"]} for body in found)
        elif path == f"/demo/{demo_id}":
            assert all(body["demoId"] == demo_id for body in found)
        else:
            assert [body["error"] for body in found] == ["UnknownDemo"]


def test_a_thousand_requests_a_second_are_answered_or_refused_and_a_demo_loses_nothing(
    platform: LocalPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    demo_id = platform.api.start(plan(tps=(50, 50, 50, 50), seconds=(8, 8, 8, 8)))["demoId"]
    in_phase(platform, demo_id, 1)
    paths = ("/demo", f"/demo/{demo_id}", "/demo/nobody")
    answers = ask(platform, paths, RATE, SECONDS)
    rightly_answered(answers, demo_id)
    assert answers.statuses["200"] > 0
    processes = processes_of(platform)
    assert len(processes) <= AT_ONCE + 8
    assert sum(map(memory, processes)) < MOST_BYTES_A_FUNCTION

    summary = proof(platform, demo_id)
    assert summary.ok, summary.complaints()
    assert left_of(platform, demo_id) == []
    calm = ask(platform, ("/demo/nobody",), 5, 2)
    assert calm.statuses == {"404": 10}
    assert calm.percentile(0.5) < 1.0
    refused = answers.statuses["429"]
    record.append(
        Row(
            fault=f"{RATE:,} requests a second for {SECONDS} s: refused requests",
            where="callers and API",
            times=refused,
            records=summary.generated,
            delivered=summary.delivered,
            failed=summary.failed,
            lost=record.told(summary.lost),
            duplicates=record.told(summary.duplicates),
            command=record.command_of_this_test(),
        )
    )
    with capsys.disabled():
        print(
            f"\n{dict(answers.statuses)} in {answers.seconds:.1f} s; "
            f"p50 {answers.percentile(0.5):.2f} s, p99 {answers.percentile(0.99):.2f} s; "
            f"{len(processes)} function processes"
        )
