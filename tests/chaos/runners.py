"""`make demo`'s runner as a process, and what its agent, its stack and its tasks leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

from local.stack import ROOT
from local.tasklog import settled_books
from worker.ledger import Ledger
from worker.scoreboard import Scoreboard

STACK = "local.server"
AGENT = "local.agent"


class Runner:
    """`python -m local demo`, with its temporary files in `folder`."""

    def __init__(self, folder: Path, body: Mapping[str, Any]) -> None:
        self.folder = folder
        folder.mkdir()
        file = folder / "plan.json"
        file.write_text(json.dumps(body))
        self._output: IO[bytes] = (folder / "output.txt").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "demo", "--plan", str(file), "--model", "off"],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def end(self) -> None:
        """Leave nothing running, whatever the test came to."""
        for process in self.left():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.kill()
        self.process.wait()
        self._output.close()

    def child(self, module: str) -> psutil.Process:
        """Its stack's or its agent's process."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if module in child.cmdline())

    def said(self) -> str:
        return (self.folder / "output.txt").read_text()

    def left(self) -> list[psutil.Process]:
        """What still lives of all that it started: known by the folder."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            ours = process.environ().get("TMPDIR", "").startswith(str(self.folder))
            return ours and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def books_in(folder: Path, demo_id: str) -> list[dict[str, Any]]:
    """The ledgers that tasks left in their folders: printed, or in the scoreboard if killed."""
    return [books for task in folder.glob("**/tasks/*") for books in _books(task, demo_id)]


def _books(task: Path, demo_id: str) -> Iterator[dict[str, Any]]:
    output = (task / "output.log").read_text().splitlines()
    lines = [json.loads(line) for line in output if line.startswith("{")]
    if not any(line.get("demo_id") == demo_id for line in lines):
        return
    printed = [line for line in lines if line["event"] == "ledger"]
    yield from printed
    for path in () if printed else Scoreboard.find(task):
        yield books_on(path)


def books_on(scoreboard: Path) -> dict[str, Any]:
    """A killed pool's ledger, as far as it is accounts."""
    books = settled_books(Scoreboard.open(scoreboard))
    producers = {name: ledger.summary() for name, ledger in books.items()}
    return {**sum(books.values(), Ledger()).summary(), "producers": producers}
