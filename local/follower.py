"""Reads the stream of a demo while it runs, in a process of its own, for the proof at its end.

    make demo ──starts──▶ python -m local.follower ──GetRecords──▶ the stream
              ──"all is sent"──▶                    ◀── what has arrived may be forgotten
              ◀──the tally──

So the embedded Kinesis holds what came within the last second or so, however long a demo takes. The
process is nicer than the workers: where the machine is too small for both, it reads on afterwards.
"""

from __future__ import annotations

import argparse
import os
import pickle  # nosec B403 # between two processes of ours, by a pipe
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import boto3

from local.endings import end
from local.proof import Tally
from local.reader import Found, Reading

ROUND_SECONDS = 1.0
NICER = 10
STOP_SECONDS = 5.0
_FINISH = b"finish\n"


class FollowerEnded(Exception):
    """The process that reads the stream is gone, and with it what it had read."""


class Follower:
    """Reads from `with` on; `finish` returns what was found."""

    def __init__(
        self, environment: dict[str, str], stream_name: str, demo_id: str, log: Path
    ) -> None:
        """`environment` is the process' whole one, with the stack as the only AWS in it."""
        self._command = [
            *(sys.executable, "-m", "local.follower"),
            *("--stream", stream_name, "--demo", demo_id),
        ]
        self._environment = environment
        self._log = log

    def __enter__(self) -> Follower:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # nosec B603 # by fixed arguments
                self._command,
                cwd=Path(__file__).resolve().parent.parent,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl-C reaches only whoever ends this one.
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            end(self._process, STOP_SECONDS)

    def check(self) -> None:
        """Raise FollowerEnded if it doesn't run any more."""
        code = self._process.poll()
        if code is not None:
            raise FollowerEnded(
                f"the stream's reader ended with {code}, so nothing can be proven; "
                f"its log is {self._log}"
            )

    def finish(self, on_progress: Callable[[int], None]) -> Tally:
        """Have it read to the end what is there now; return what it found in all.

        `on_progress` gets the records read so far. Raises FollowerEnded.
        """
        with self._or_ended():
            # Past the pipe's buffer: what a dead process didn't take would be flushed, and fail,
            # once more when it is closed.
            os.write(cast("IO[bytes]", self._process.stdin).fileno(), _FINISH)
        while isinstance(told := self._told(), int):
            on_progress(told)
        return told

    def _told(self) -> int | Tally:
        with self._or_ended():
            told: int | Tally = pickle.load(cast("IO[bytes]", self._process.stdout))  # noqa: S301 # nosec B301 # our own process'
            return told

    @contextmanager
    def _or_ended(self) -> Iterator[None]:
        """A word that the process doesn't take, or doesn't end, is its end: FollowerEnded."""
        try:
            yield
        except (BrokenPipeError, EOFError, pickle.UnpicklingError):
            self._process.kill()
            self._process.wait()
            self.check()
            raise


def follow(reading: Reading, tally: Tally, finish_within: Callable[[float], bool]) -> Iterator[int]:
    """Read until all that is there when `finish_within` says so is in the tally.

    `finish_within` waits so many seconds at most for somebody to say that nothing more is sent.
    From then on the number of records read so far is yielded after each round.
    """
    records = 0
    while not finish_within(0.0 if reading.behind else ROUND_SECONDS):
        records += _add(reading.round(), tally)
    reading.behind = True
    while reading.behind:
        records += _add(reading.round(), tally)
        yield records


def _add(found: Iterator[Found], tally: Tally) -> int:
    records = 0
    for record in found:
        tally.add(record)
        records += 1
    return records


def _told_to_finish(seconds: float) -> bool:
    """Wait so long at most for a word from the parent; end if that is gone."""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return False
    if sys.stdin.buffer.readline() != _FINISH:
        sys.exit(0)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.follower", description=__doc__)
    parser.add_argument("--stream", required=True)
    parser.add_argument("--demo", required=True, help="the demo whose records are counted")
    arguments = parser.parse_args()
    os.nice(NICER)
    tally = Tally(arguments.demo)
    reading = Reading(boto3.client("kinesis"), arguments.stream, forget=True)
    for records in follow(reading, tally, _told_to_finish):
        _tell(records)
    _tell(tally)
    return 0


def _tell(what: int | Tally) -> None:
    pickle.dump(what, sys.stdout.buffer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
