"""`make demo` while its agent or its whole AWS is killed or stopped: it says so, leaving nothing.

All runners at once: each has a stack of its own, and most of the time they wait.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.kills import tasks_of
from tests.chaos.record import Row, append, command_of_this_test
from tests.chaos.runners import AGENT, STACK, Runner, books_in
from tests.e2e.demos import plan, wait_until

pytestmark = pytest.mark.long

READY_SECONDS = 150.0
END_SECONDS = 180.0
"""A silent API is given up after half a minute, a task that never ends after three quarters."""
CAUSES = {"process_died", "drain_timeout", "unreachable"}


@dataclass(frozen=True)
class Case:
    """What happens to whom in which phase, and what the runner is to say."""

    number: signal.Signals
    module: str
    phase: int
    says: str

    def __str__(self) -> str:
        return f"{self.number.name} of {self.module} in phase {self.phase}"


CASES = [
    Case(signal.SIGKILL, AGENT, 2, "the ECS agent ended with -9; its log is"),
    Case(signal.SIGSTOP, AGENT, 3, "have not ended within 45 s, as far as the ECS agent told"),
    Case(signal.SIGKILL, STACK, 1, "the embedded AWS has ended; its log is"),
    Case(signal.SIGKILL, STACK, 4, "the embedded AWS has ended; its log is"),
    Case(signal.SIGSTOP, STACK, 3, "the embedded AWS is stopped (SIGSTOP); its log is"),
]


@pytest.fixture
def runners(tmp_path: Path) -> Iterator[dict[str, Runner]]:
    with ExitStack() as running:
        made = {}
        for number, _ in enumerate(CASES):
            name = f"runner-{number}"
            body = {"name": name, **plan(tps=(400, 800, 1_600, 400), seconds=(8, 8, 8, 8))}
            made[name] = Runner(tmp_path / name, body)
            running.callback(made[name].end)
        yield made


def test_the_runner_says_what_is_gone_and_leaves_no_process(runners: dict[str, Runner]) -> None:
    strike(runners)
    deadline = time.monotonic() + END_SECONDS
    for (name, runner), case in zip(runners.items(), CASES, strict=True):
        code = runner.process.wait(max(1, deadline - time.monotonic()))
        assert code == 1, f"{case}: {runner.said()}"
        assert case.says in runner.said(), f"{case}: {runner.said()}"
        assert "Traceback" not in runner.said(), f"{case}: {runner.said()}"
        assert runner.left() == [], f"{case}: {runner.said()}"
        add_up(name, runner, case)


def strike(runners: dict[str, Runner]) -> None:
    """Each as soon as a task of its case's phase sends."""
    pending = dict(zip(runners, CASES, strict=True))

    def look() -> bool:
        sending = {(task.demo_id, task.phase) for task in tasks_of(pending) if task.sends()}
        for name, case in list(pending.items()):
            if (name, case.phase) in sending:
                runners[name].child(case.module).send_signal(case.number)
                del pending[name]
            assert runners[name].process.poll() is None, runners[name].said()
        return not pending

    wait_until(f"the phases of {', '.join(pending)}", look, READY_SECONDS)


def add_up(name: str, runner: Runner, case: Case) -> None:
    """The books of all its tasks, as they are in its folder."""
    books = books_in(runner.folder, name)
    row = Row(
        fault=str(case),
        where="make demo",
        times=1,
        records=sum(one["generated"] for one in books),
        delivered=sum(one["delivered"] for one in books),
        failed=sum(one["failed"] for one in books),
        # There is nothing to read back any more: whatever was given up may be lost.
        lost=sum(one["failed"] for one in books),
        duplicates=0,
        command=command_of_this_test(),
    )
    append(row)
    assert row.records > 0, f"{case}: {runner.said()}"
    assert row.unaccounted == 0, f"{case}: {books}"
    assert {cause for one in books for cause in one["failed_by_cause"]} <= CAUSES, str(case)
