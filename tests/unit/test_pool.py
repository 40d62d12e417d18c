"""A pool that gets no process, for a while or for good: it sends with those that it has."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from worker.encoding import Outcome
from worker.gatherers import Plain
from worker.histogram import Distribution
from worker.ledger import Ledger
from worker.pool import Pool, PoolReport
from worker.record import Item
from worker.scoreboard import Latency, Scoreboard
from worker.settings import read_settings
from worker.stop import STOP_SIGNALS, Stop

MOST_SAMPLES = 90


class Taking:
    """A stream that takes all."""

    def send(self, items: Sequence[Item]) -> Outcome:
        del items
        return Outcome(())


class Watching:
    """Has the pool stopped once every slot's records have arrived, or never will."""

    def __init__(self, board: Scoreboard, stop: Stop) -> None:
        self._board = board
        self._stop = stop
        self._left = MOST_SAMPLES

    def sample(self, second: int, books: Ledger, latencies: Mapping[Latency, Distribution]) -> None:
        del second, books, latencies
        self._left -= 1
        arrived = all(self._board.ledger(slot).delivered for slot in range(self._board.slots))
        if arrived or self._left <= 0:
            self._stop.signal = signal.SIGTERM

    def publish(self) -> None:
        """Nobody wants to know."""


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Scoreboard]:
    made = Scoreboard.create("pool", 2, tmp_path)
    yield made
    made.remove()


def run(board: Scoreboard, stop: Stop) -> PoolReport:
    settings = read_settings({"TARGET_TPS": "200"})
    return Pool(settings, board, Taking(), Plain, Watching(board, stop), stop).run()


def stop_signals_blocked() -> bool:
    return bool(set(STOP_SIGNALS) & signal.pthread_sigmask(signal.SIG_BLOCK, []))


def test_a_producer_that_cannot_be_forked_is_tried_again_while_the_others_send(
    board: Scoreboard,
    stop: Stop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fork, refusals = os.fork, [errno.EAGAIN, errno.ENOMEM]

    def fork_if_there_is_room() -> int:
        if refusals:
            refused = refusals.pop()
            raise OSError(refused, os.strerror(refused))
        return fork()

    monkeypatch.setattr(os, "fork", fork_if_there_is_room)
    report = run(board, stop)
    assert all(books.delivered > 0 for books in report.producers.values())
    assert (report.books.failed, report.books.pending, report.restarts) == (0, 0, 0)
    said = capsys.readouterr().err
    assert said.count("producer_not_started") == 2
    assert os.strerror(errno.EAGAIN) in said
    assert not stop_signals_blocked()


def test_a_pool_without_a_process_heeds_a_stop_and_answers_for_nothing_made(
    board: Scoreboard, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = iter(range(3))

    def refuse() -> int:
        if next(tries) == 2:
            stop.signal = signal.SIGTERM
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "fork", refuse)
    report = run(board, stop)
    assert report.books == Ledger()
    assert report.missed > 0
    assert not stop_signals_blocked()
