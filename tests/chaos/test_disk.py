"""A full disk behind each of the three things that a worker writes: scoreboard, ledger, log.

A file system of its own takes root. So the scoreboard's disk is full by the process' own limit on
files' sizes, and the ledger's and the log's is /dev/full, whose every write fails with ENOSPC.
"""

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.chaos.proxy import FaultProxy, put_records
from tests.chaos.site import Site
from tests.e2e.demos import wait_until

TPS = 500
FULL = Path("/dev/full")
LEAST_BYTES = 100
"""Enough for Python to find the folder usable, and not for a scoreboard."""

needs_dev_full = pytest.mark.skipif(not FULL.exists(), reason="only Linux has /dev/full")


@pytest.fixture
def full() -> Iterator[IO[str]]:
    with FULL.open("w") as device:
        yield device


def a_full_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (LEAST_BYTES, LEAST_BYTES))


def test_without_room_for_the_scoreboard_a_worker_ends_at_once_and_says_so(site: Site) -> None:
    worker = site.worker(site.stack.endpoint, prepare=a_full_disk)
    said = worker.refusal()
    assert "no scoreboard can be made" in said
    assert "File too large" in said
    assert "TMPDIR" in said
    assert list(worker.folder.iterdir()) == []


@needs_dev_full
def test_a_ledger_that_cannot_be_written_is_told_of_and_its_counts_are_kept(
    site: Site, full: IO[str]
) -> None:
    worker = site.worker(site.stack.endpoint, None, {"TARGET_TPS": TPS}, stdout=full)
    wait_until("records in the stream", lambda: worker.books().delivered > 0)
    worker.stop()
    assert "ledger_not_written" in worker.refusal()
    (told,) = [event for event in worker.events if event["event"] == "ledger_not_written"]
    outcome = site.outcome_of_killed(worker, "full disk behind its ledger", 1, "a task's disk")
    assert told["counts"]["generated"] == outcome.ledger["generated"]
    assert outcome.causes == {}
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)


@needs_dev_full
@pytest.mark.long
def test_a_log_that_cannot_be_written_ends_nothing(
    site: Site, proxy: FaultProxy, full: IO[str]
) -> None:
    proxy.rules(put_records(probability=0.2, reset=True))
    worker = site.worker(proxy.endpoint, None, {"TARGET_TPS": TPS}, stderr=full)
    wait_until("faults", lambda: proxy.fired() > 3 and worker.books().delivered > 0)
    worker.stop()
    outcome = site.outcome(worker, "full disk behind its log", 1, "a task's disk")
    assert outcome.causes == {}
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)
    assert outcome.ledger["restarts"] == 0
