"""The agent and the whole AWS killed or stopped under demos of which each is in another phase.

Four demos run side by side, the first long in its first phase, the second in its second, and so on,
so that one blow meets all four phases.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.platform import AgentEnded, LocalPlatform
from local.proof import prove, tally_stream
from local.reader import read_stream
from local.stack import StackError
from tests.chaos.control import assert_gone, ends_of, proofs, short_stop_timeout, written_down
from tests.chaos.kills import Task, send_group, tasks_of
from tests.chaos.record import Row, append, command_of_this_test, told
from tests.chaos.runners import AGENT, books_in
from tests.e2e.demos import PATIENCE_SECONDS, plan, wait_until

pytestmark = pytest.mark.long

LONG_SECONDS = 18
PAUSE_SECONDS = 3


def side_by_side(platform: LocalPlatform, series: str) -> list[Task]:
    """Four demos, each in another phase; a task of each, which sends."""
    for phase in range(1, 5):
        seconds = [LONG_SECONDS if n == phase else 2 for n in range(1, 5)]
        body = plan(tps=(400, 800, 1_600, 400), seconds=seconds)
        platform.api.start({"name": f"{series}-{phase}", **body})
    names = names_of(series)

    def look() -> list[Task] | None:
        tasks = [t for t in tasks_of(names) if t.demo_id == f"{series}-{t.phase}" and t.sends()]
        return tasks if {task.phase for task in tasks} == {1, 2, 3, 4} else None

    return wait_until("a demo in each phase", look)


def names_of(series: str) -> list[str]:
    return [f"{series}-{phase}" for phase in range(1, 5)]


def agent_of(platform: LocalPlatform) -> psutil.Process:
    tasks = str(platform.folder / "tasks")
    children = psutil.Process().children()
    return next(one for one in children if {AGENT, tasks} <= set(one.cmdline()))


def written(fault: str, times: int, books: list[dict[str, Any]], lost: int) -> None:
    """The row of books that no log has."""
    row = Row(
        fault=fault,
        where="a demo in each phase",
        times=times,
        records=sum(one["generated"] for one in books),
        delivered=sum(one["delivered"] for one in books),
        failed=sum(one["failed"] for one in books),
        lost=lost,
        duplicates=0,
        command=command_of_this_test(),
    )
    append(row)
    assert row.records > 0
    assert row.unaccounted == 0
    assert lost <= row.failed


def assert_end_by_their_own_clocks(tasks: list[Task], names: list[str]) -> None:
    last = max(task.ends_at for task in tasks)
    patience = last - time.time() + PATIENCE_SECONDS
    wait_until("the workers' own end", lambda: not tasks_of(names), patience)


def test_an_agent_and_an_aws_that_are_stopped_for_a_while_cost_nothing(
    platform: LocalPlatform,
) -> None:
    side_by_side(platform, "paused")
    for process in (agent_of(platform), psutil.Process(platform.stack.pid)):
        process.suspend()
        time.sleep(PAUSE_SECONDS)
        process.resume()
    demos = ends_of(platform, names_of("paused"))
    for summary, _ in proofs(platform, demos).values():
        fault = "SIGSTOP, SIGCONT of the agent, then of the stack"
        written_down(summary, fault, "a demo in each phase", 2)
        assert summary.status == "SUCCEEDED"
        assert (summary.failed, summary.lost) == (0, 0)
    assert_gone(platform, names_of("paused"))


def test_delete_ends_tasks_that_are_stopped(platform: LocalPlatform) -> None:
    names = names_of("frozen")
    with short_stop_timeout(platform, 3):
        side_by_side(platform, "frozen")
        frozen = [task for task in tasks_of(names) if send_group(task, signal.SIGSTOP)]
        for name in names:
            platform.api.stop(name)
    assert_gone(platform, names)
    demos = ends_of(platform, names)
    for name, (summary, _) in proofs(platform, demos).items():
        stopped = sum(task.demo_id == name for task in frozen)
        written_down(summary, "DELETE of tasks under SIGSTOP", "a demo in each phase", stopped)
        assert summary.status == "ABORTED"
        assert set(summary.failed_by_cause) <= {"process_died"}
        assert summary.killed_workers > 0


def test_a_killed_agent_leaves_its_tasks_to_their_own_clocks(platform: LocalPlatform) -> None:
    names = names_of("orphaned")
    tasks = side_by_side(platform, "orphaned")
    agent_of(platform).kill()
    assert_end_by_their_own_clocks(tasks, names)
    with pytest.raises(AgentEnded, match="ended with -9; its log is"):
        platform.check()
    demos = ends_of(platform, names)
    assert {demo["status"] for demo in demos.values()} == {"SUCCEEDED"}
    assert_gone(platform, names)
    records = list(read_stream(platform.kinesis, platform.output("StreamName")))
    for name in names:
        books = books_in(platform.folder, name)
        made = {p: kept["generated"] for one in books for p, kept in one["producers"].items()}
        found = prove(made, tally_stream(name, records))
        written("kill -9 of the agent", 1, books, told(found.lost))
        assert (found.lost, found.foreign) == (0, 0)
    platform.start_agent()


def test_workers_whose_aws_is_killed_end_by_their_own_clocks(platform: LocalPlatform) -> None:
    names = names_of("bereft")
    tasks = side_by_side(platform, "bereft")
    os.kill(platform.stack.pid, signal.SIGKILL)
    assert_end_by_their_own_clocks(tasks, names)
    with pytest.raises(StackError, match="the embedded AWS has ended; its log is"):
        platform.check()
    for name in names:
        books = books_in(platform.folder, name)
        # There is nothing to read back any more: whatever was given up may be lost.
        written("kill -9 of the stack", 1, books, sum(one["failed"] for one in books))
        causes = {cause for one in books for cause in one["failed_by_cause"]}
        assert causes <= {"drain_timeout", "unreachable"}
        assert causes
    platform.stop()
    assert processes_in(platform.folder) == []


def processes_in(folder: Path) -> list[int]:
    """The processes whose temporary files are in the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR", "").startswith(str(folder)):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
