"""Processes of ours that end at an awkward moment, and what whoever waits for them is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.follower import Follower, FollowerEnded
from local.tasks import REPOSITORY, TaskDefinition, TaskProcess
from tests.e2e.demos import wait_until

TALLY = "import pickle, sys; told = pickle.dumps(list(range(100_000))); "
HEARD = "sys.stdin.readline(); "
PROGRESS = "sys.stdout.buffer.write(pickle.dumps(1)); "
CUT_SHORT = TALLY + HEARD + PROGRESS + "sys.stdout.buffer.write(told[:70_000]); sys.exit(9)"
WHOLE = TALLY + HEARD + PROGRESS + "sys.stdout.buffer.write(told)"


def follower(tmp_path: Path, program: str) -> Follower:
    made = Follower(dict(os.environ), "stream", "demo", tmp_path / "reader.log")
    made._command = [sys.executable, "-c", program]
    return made


def test_a_follower_that_ends_while_it_tells_has_told_nothing(tmp_path: Path) -> None:
    told: list[int] = []
    with (
        pytest.raises(FollowerEnded, match="nothing can be proven"),
        follower(tmp_path, CUT_SHORT) as reading,
    ):
        reading.finish(told.append)
    assert told == [1]


def test_who_cant_be_told_of_progress_says_so_and_the_follower_ends(tmp_path: Path) -> None:
    def nobody_reads(_: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError), follower(tmp_path, WHOLE) as reading:
        reading.finish(nobody_reads)
    assert reading._process.returncode is not None


def test_a_task_that_has_ended_is_signalled_once_and_never_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.tasks.ENTRYPOINT", (sys.executable, "-c", ""))
    definition = TaskDefinition({}, 256, 30, None, "ecs", "worker")
    task = TaskProcess("cluster/task", definition, tmp_path, {})
    signalled: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda _, number: signalled.append(number))
    wait_until("the task's end", lambda: task.exit_code() is not None)
    assert [task.exit_code() for _ in range(3)] == [0, 0, 0]
    task.stop()
    task.enforce_stop(now=True)
    assert signalled == [signal.SIGKILL]


def test_an_agent_whose_parent_was_gone_before_it_looked_ends(tmp_path: Path) -> None:
    agent = subprocess.run(
        [
            *(sys.executable, "-m", "local.agent", "--cluster", "c", "--folder", str(tmp_path)),
            *("--parent", "1"),
        ],
        cwd=REPOSITORY,
        env={"AWS_DEFAULT_REGION": "us-east-1", "PATH": os.environ["PATH"]},
        timeout=90,
        check=False,
    )
    assert agent.returncode == 0
