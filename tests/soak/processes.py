"""Who works in a run, and what each has at a moment: memory, descriptors, threads, CPU time.

A process is known by its command and by whose child it is; all are descendants of the one that
looks, so nothing of anybody else's is counted.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import psutil

RUNNER, STACK, FUNCTION, AGENT = "runner", "embedded AWS", "Lambda", "agent"
POOL, PRODUCER, READER, OTHER = "pool", "producer", "reader", "other"
EVERY_SECONDS = 1.0

_BY_MODULE = {"local.server": STACK, "local.agent": AGENT, "local.follower": READER}
_BY_PARENT = {STACK: FUNCTION, AGENT: POOL, POOL: PRODUCER}


@dataclass(frozen=True)
class Sample:
    """One process at one moment."""

    at: float
    """Unix seconds."""
    pid: int
    role: str
    memory: int
    """Bytes, resident."""
    descriptors: int
    threads: int
    cpu: float
    """Seconds of CPU used so far, its children's left out."""


def role_of(command: list[str], parent: str) -> str:
    """What a process is, by its command and its parent's role."""
    module = command[command.index("-m") + 1] if "-m" in command[:-1] else ""
    return _BY_MODULE.get(module) or _BY_PARENT.get(parent, OTHER)


class Sampler:
    """Looks at this process and all that descend from it, once a second from `with` on."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._runner = psutil.Process()
        self._roles: dict[psutil.Process, str] = {self._runner: RUNNER}
        self._over = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._over.wait(EVERY_SECONDS - time.time() % EVERY_SECONDS):
                self._look()
        except Exception as failure:  # told where the sampler ends
            self._failure = failure

    def _look(self) -> None:
        now = time.time()
        for process in [self._runner, *self._runner.children(recursive=True)]:
            try:
                self.samples.append(self._sample(process, now))
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue  # it has ended meanwhile

    def _sample(self, process: psutil.Process, now: float) -> Sample:
        with process.oneshot():
            cpu = process.cpu_times()
            return Sample(
                at=now,
                pid=process.pid,
                role=self._role(process),
                memory=process.memory_info().rss,
                descriptors=process.num_fds(),
                threads=process.num_threads(),
                cpu=cpu.user + cpu.system,
            )

    def _role(self, process: psutil.Process) -> str:
        if process not in self._roles:
            parent = process.parent()
            whose = self._roles.get(parent, OTHER) if parent else OTHER
            self._roles[process] = role_of(process.cmdline(), whose)
        return self._roles[process]
