"""`python -m worker` as a process with an environment of its own, for whoever tests it whole."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

from worker.errors import BrokenScoreboard
from worker.ledger import Ledger
from worker.scoreboard import Scoreboard

ROOT = Path(__file__).resolve().parents[1]


class Worker:
    """A worker's process. Its scoreboard is in `folder`, which is its alone."""

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: Path,
        settings: Mapping[str, object],
        *,
        stdout: int | IO[str] = subprocess.PIPE,
        stderr: int | IO[str] = subprocess.PIPE,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """`environment` is the stack's; `prepare` runs in the new process, before Python does."""
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "worker"],
            cwd=ROOT,
            env={
                **environment,
                "ENABLE_CLOUDWATCH_METRICS": "false",
                "TMPDIR": str(folder),
                **{name: str(value) for name, value in settings.items()},
            },
            stdout=stdout,
            stderr=stderr,
            text=True,
            start_new_session=True,
            preexec_fn=prepare,
        )
        self.events: list[dict[str, Any]] = []
        """What it logged, once it has ended."""

    def producers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def books(self) -> Ledger:
        """What its scoreboard says while it runs; nothing as long as there is none."""
        return books_in_use(self.folder)

    def stop(self) -> None:
        """Tell it to stop, as ECS does."""
        self.process.send_signal(signal.SIGTERM)

    def ledger(self, seconds: float = 90) -> dict[str, Any]:
        """Wait for the end; return the ledger, whose books must add up."""
        out, err = self.process.communicate(timeout=seconds)
        self._read_events(err)
        assert self.process.returncode == 0, err
        ledger: dict[str, Any] = json.loads(out)
        assert ledger["generated"] == ledger["delivered"] + ledger["failed"]
        assert ledger["pending"] == 0
        return ledger

    def refusal(self, seconds: float = 90) -> str:
        """Wait for an end with exit code 1; return what it said on standard error."""
        _, err = self.process.communicate(timeout=seconds)
        self._read_events(err)
        assert self.process.returncode == 1, err
        assert "Traceback" not in err
        return str(err)

    def _read_events(self, err: str | None) -> None:
        lines = (err or "").splitlines()
        self.events = [json.loads(line) for line in lines if line.startswith("{")]

    def end(self) -> None:
        """Leave nothing running, whatever the test came to."""
        if self.process.poll() is None:
            for process in [*self.producers(), psutil.Process(self.process.pid)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            self.process.communicate()


def books_in_use(folder: Path) -> Ledger:
    """What the scoreboards in a task's folder come to; nothing as long as there is none."""
    try:
        boards = [Scoreboard.open(path) for path in Scoreboard.find(folder)]
    except BrokenScoreboard:  # it is just being made, or gone meanwhile
        return Ledger()
    return sum((board.total() for board in boards), Ledger())
