"""The container's health check tells a live pool from a dead one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker import health
from worker.pacer import NS
from worker.scoreboard import Scoreboard

NOW = 1000 * NS


def board(tmp_path: Path, *heartbeats: int) -> Scoreboard:
    made = Scoreboard.create("0a1b2c3d", len(heartbeats), tmp_path)
    for slot, heartbeat in enumerate(heartbeats):
        made.beat(slot, heartbeat)
    return made


def test_a_pool_whose_producers_step_is_healthy(tmp_path: Path) -> None:
    assert health.diagnosis([board(tmp_path, NOW - NS, NOW - 14 * NS)], NOW) is None


def test_a_producer_that_stands_still_is_named(tmp_path: Path) -> None:
    problem = health.diagnosis([board(tmp_path, NOW, NOW - 16 * NS)], NOW)
    assert problem == "no sign of life for 15 s from 0a1b2c3d-1"


def test_no_pool_at_all_is_unhealthy() -> None:
    assert health.diagnosis([], NOW) == "no pool is running"


def test_a_pool_whose_process_is_gone_does_not_count(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    dead = board(tmp_path, NOW)
    dead.pool_pid = int(ended.stdout)
    assert health.diagnosis([dead], NOW) == "no pool is running"


@pytest.mark.parametrize(
    ("content", "code"), [(None, 1), (b"no scoreboard", 1)], ids=["nothing", "garbage"]
)
def test_the_command_answers_by_exit_code_and_a_line(
    tmp_path: Path, content: bytes | None, code: int
) -> None:
    if content is not None:
        (tmp_path / "x.scoreboard").write_bytes(content)
    ran = subprocess.run(
        [sys.executable, "-m", "worker.health"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout.startswith("unhealthy: ")) == (code, True)
