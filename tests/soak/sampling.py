"""Looks once a second at this process and all that descend from it: at nothing of anybody else's.

What is seen is written down at once: the runner's own memory is judged, too, and a run that ends
badly leaves what it saw.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil

from tests.soak.samples import HEAD, OTHER, RUNNER, Sample, line_of, read, role_of

EVERY_SECONDS = 1.0


class Sampler:
    """Samples into a file from `with` on; a failure is raised where that ends."""

    def __init__(self, file: Path) -> None:
        self._file = file
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

    def samples(self) -> list[Sample]:
        """All that were written down."""
        return list(read(self._file.read_text().splitlines()))

    def _run(self) -> None:
        try:
            with self._file.open("w") as out:
                out.write(HEAD + "\n")
                while not self._over.wait(EVERY_SECONDS - time.time() % EVERY_SECONDS):
                    for sample in self._look():
                        out.write(line_of(sample) + "\n")
                    out.flush()
        except Exception as failure:  # raised again by whoever ends the sampler
            self._failure = failure

    def _look(self) -> list[Sample]:
        now = time.time()
        found = []
        for process in [self._runner, *self._runner.children(recursive=True)]:
            try:
                found.append(self._sample(process, now))
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue  # it has ended meanwhile
        return found

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
