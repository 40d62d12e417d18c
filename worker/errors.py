"""What can go wrong in a worker, as types; `run` turns each into one line and an exit code."""

from __future__ import annotations


class WorkerError(Exception):
    """Base of everything that a worker raises on purpose."""


class BadSettings(WorkerError):
    """The environment can't be read; `problems` holds one sentence per bad variable."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class BrokenScoreboard(WorkerError):
    """A file that is no scoreboard of this version."""
