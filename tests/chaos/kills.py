"""Kills and stops the processes of demos at chosen moments of each of their phases.

One loop watches the machine's processes for all demos at once: looking at them is what is dear.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import psutil

from tests.e2e.demos import worker_processes
from tests.workers import books_in_use

LOOK_SECONDS = 0.1
PAUSE_SECONDS = 1.5
"""How long who is stopped stays so, if not for good."""
_AS_IT_ENDS_SECONDS = 0.4
"""Later, and a busy machine might look when they are gone."""


class Moment(Enum):
    """When of each phase."""

    TRANSITION = "as its first task appears, the phase before still draining"
    MIDST = "in its midst"
    END = "as it ends"


class Victims(Enum):
    """Who."""

    PRODUCER = "a producer"
    TASK = "a task"
    ALL = "all tasks"


class Blow(Enum):
    """What happens to them."""

    KILL = "kill -9"
    PAUSE = "SIGSTOP, SIGCONT"
    STOP = "SIGSTOP for good"


@dataclass(frozen=True)
class Strike:
    """What happens to one demo, once in each of its phases."""

    blow: Blow
    victims: Victims
    moment: Moment

    def __str__(self) -> str:
        return f"{self.blow.value} of {self.victims.value}, in each phase {self.moment.value}"


@dataclass(frozen=True)
class Task:
    """A task's first process, by which its whole group is known, and its producers' processes."""

    process: psutil.Process
    producers: tuple[psutil.Process, ...]
    demo_id: str
    phase: int
    ends_at: float
    tasks: int
    """How many share its phase."""
    folder: Path
    """Its temporary files."""

    def sends(self) -> bool:
        """Whether records of it were delivered."""
        return books_in_use(self.folder).delivered > 0


def tasks_of(demo_ids: Iterable[str]) -> list[Task]:
    """The tasks of these demos that live on this machine, by demo and phase."""
    wanted = set(demo_ids)
    tasks = (_task(leader, members) for leader, members in _groups().items())
    found = [task for task in tasks if task is not None and task.demo_id in wanted]
    return sorted(found, key=attrgetter("demo_id", "phase"))


def _groups() -> dict[int, list[psutil.Process]]:
    """The processes of all workers on this machine, by their group."""
    groups: dict[int, list[psutil.Process]] = {}
    for process in worker_processes():
        try:
            groups.setdefault(os.getpgid(process.pid), []).append(process)
        except ProcessLookupError:
            continue  # it ended while it was looked at
    return groups


def _task(leader: int, members: list[psutil.Process]) -> Task | None:
    """The group as a task; None if its first process is gone, or not a task's."""
    first = [process for process in members if process.pid == leader]
    try:
        environment = first[0].environ()
        return Task(
            first[0],
            tuple(process for process in members if process.pid != leader),
            environment["DEMO_ID"],
            int(environment["DEMO_PHASE"]),
            float(environment["PHASE_ENDS_AT"]),
            int(environment["TASK_COUNT"]),
            Path(environment["TMPDIR"]),
        )
    except (IndexError, KeyError, psutil.Error):
        return None


def send(process: psutil.Process, number: signal.Signals) -> bool:
    """Signal one process; whether it was there."""
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True


def send_group(task: Task, number: signal.Signals) -> bool:
    """Signal all processes of a task; whether there were any."""
    try:
        os.killpg(task.process.pid, number)
    except ProcessLookupError:
        return False
    return True


@dataclass
class Striker:
    """Strikes each demo in each of its phases, once."""

    strikes: Mapping[str, Strike]
    struck: dict[str, int] = field(default_factory=dict)
    """How often, by demo."""
    _done: set[tuple[str, int]] = field(default_factory=set)
    _resume: list[tuple[float, Task, psutil.Process | None]] = field(default_factory=list)

    def strike_all(self, phases: int, patience: float) -> None:
        """Until every demo was struck in all its phases, and who was paused goes on."""
        deadline = time.monotonic() + patience
        wanted = len(self.strikes) * phases
        while len(self._done) < wanted or self._resume:
            assert time.monotonic() < deadline, f"struck only {sorted(self._done)}"
            self._go_on()
            self._look()
            time.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        everywhere = tasks_of(self.strikes)
        for (demo_id, phase), group in groupby(everywhere, key=attrgetter("demo_id", "phase")):
            tasks, strike = list(group), self.strikes[demo_id]
            if (demo_id, phase) in self._done or not _due(strike, tasks):
                continue
            if strike.victims is Victims.ALL:
                tasks = [task for task in everywhere if task.demo_id == demo_id]
            if hit := sum(self._hit(strike, task) for task in _chosen(strike, tasks)):
                self._done.add((demo_id, phase))
                self.struck[demo_id] = self.struck.get(demo_id, 0) + hit

    def _hit(self, strike: Strike, task: Task) -> bool:
        number = signal.SIGKILL if strike.blow is Blow.KILL else signal.SIGSTOP
        one = next(iter(task.producers), None) if strike.victims is Victims.PRODUCER else None
        if one is not None:
            hit = send(one, number)
        elif strike.blow is Blow.KILL:
            hit = send(task.process, number)  # as the kernel would, out of memory: one, not all
        else:
            hit = send_group(task, number)
        if hit and strike.blow is Blow.PAUSE:
            self._resume.append((time.monotonic() + PAUSE_SECONDS, task, one))
        return hit

    def _go_on(self) -> None:
        now = time.monotonic()
        for at, task, one in self._resume:
            if now >= at:
                _ = send_group(task, signal.SIGCONT) if one is None else send(one, signal.SIGCONT)
        self._resume = [waiting for waiting in self._resume if now < waiting[0]]


def _due(strike: Strike, tasks: list[Task]) -> bool:
    if strike.moment is Moment.TRANSITION:
        return True
    if strike.moment is Moment.END:
        return time.time() >= tasks[0].ends_at - _AS_IT_ENDS_SECONDS
    return len(tasks) >= tasks[0].tasks and all(task.sends() for task in tasks)


def _chosen(strike: Strike, tasks: list[Task]) -> list[Task]:
    if strike.victims is Victims.PRODUCER:
        return [task for task in tasks if task.producers][:1]
    return tasks[:1] if strike.victims is Victims.TASK else tasks
