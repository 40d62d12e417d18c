"""`python -m worker` as a process: signals at any moment, kills, and books that add up."""

import os
import signal
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import psutil
import pytest

from local.stack import EmbeddedStack
from tests.clients import client_of
from tests.e2e.demos import wait_until
from tests.workers import Worker

STREAM = "s"
TRIES = 5


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        client_of(running, "kinesis").create_stream(StreamName=STREAM, ShardCount=4)
        yield running


def worker_of(stack: EmbeddedStack, folder: Path, **settings: object) -> Worker:
    return Worker(stack.client_environment, folder, {"STREAM_NAME": STREAM, **settings})


def test_the_total_is_exactly_the_pace_times_the_time(stack: EmbeddedStack, tmp_path: Path) -> None:
    """A busy machine may hold a worker up, and then it says so; but not one after another."""
    for _ in range(TRIES):
        worker = worker_of(
            stack,
            tmp_path,
            TARGET_TPS=1000,
            TASK_COUNT=3,
            WORKER_PROCESSES=3,
            PHASE_ENDS_AT=time.time() + 3,
        )
        ledger = worker.ledger()
        due = Fraction(1000, 3) * Fraction(round(ledger["seconds"] * 1e6), 10**6)
        assert abs(ledger["generated"] + ledger["missed"] - due) <= 1
        assert ledger["failed"] == 0
        if ledger["generated"] > 0 and ledger["missed"] == 0:
            return
    pytest.fail(f"{TRIES} workers missed records")


def test_a_stop_while_the_pool_forks_reaches_every_producer(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    worker = worker_of(stack, tmp_path, TARGET_TPS=500, WORKER_PROCESSES=8)
    wait_until("the first producer", worker.producers)
    worker.stop()
    ledger = worker.ledger()
    # None that knew nothing of it had to be killed.
    assert (ledger["failed"], ledger["restarts"]) == (0, 0)


@pytest.mark.parametrize("after", [0.05, 0.2, 0.4])
def test_a_stop_before_the_worker_is_ready_is_heeded(
    stack: EmbeddedStack, tmp_path: Path, after: float
) -> None:
    worker = worker_of(stack, tmp_path, TARGET_TPS=500)
    time.sleep(after)
    worker.stop()
    worker.process.wait(90)
    assert worker.process.returncode in (0, -signal.SIGTERM)


@pytest.mark.parametrize("moment", ["at once", "later"])
def test_producers_end_with_their_pool(stack: EmbeddedStack, tmp_path: Path, moment: str) -> None:
    worker = worker_of(stack, tmp_path, TARGET_TPS=500, WORKER_PROCESSES=4)
    producers = wait_until("a producer", worker.producers)
    if moment == "later":
        wait_until("all four", lambda: len(worker.producers()) == 4)
        wait_until("records in the stream", lambda: worker.books().delivered > 0)
        producers = worker.producers()
    worker.process.kill()
    worker.process.wait(90)
    wait_until("the producers' end", lambda: not any(map(_runs, producers)))


def test_a_stream_that_does_not_exist_fails_every_record_with_the_cause(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    worker = worker_of(stack, tmp_path, STREAM_NAME="nowhere")
    wait_until("records that were refused", lambda: worker.books().failed > 0)
    worker.stop()
    ledger = worker.ledger()
    assert ledger["failed_by_cause"] == {"rejected": ledger["generated"]}


def test_a_service_that_hangs_holds_the_end_up_for_thirty_seconds_at_most(tmp_path: Path) -> None:
    with EmbeddedStack(tmp_path / "stack") as hanging:
        client_of(hanging, "kinesis").create_stream(StreamName=STREAM, ShardCount=1)
        worker = worker_of(hanging, tmp_path, TARGET_TPS=100)
        wait_until("records in the stream", lambda: worker.books().delivered > 0)
        os.kill(hanging.pid, signal.SIGSTOP)
        try:
            made = worker.books().generated
            wait_until("records that get no answer", lambda: worker.books().generated > made)
            worker.stop()
            stopped = time.monotonic()
            ledger = worker.ledger()
        finally:
            os.kill(hanging.pid, signal.SIGCONT)
    assert time.monotonic() - stopped < 60
    # The youngest would be given up as unreachable, but only five seconds later.
    assert set(ledger["failed_by_cause"]) & {"drain_timeout", "process_died"}


@pytest.mark.parametrize(
    ("settings", "code", "says"),
    [
        ({"TARGET_TPS": "1e99999999", "PHASE_ENDS_AT": "1e300"}, 2, "PHASE_ENDS_AT"),
        ({"TARGET_TPS": "1e400"}, 2, "TARGET_TPS"),
        ({"AWS_REGION": "x y"}, 1, "x y"),
        ({"AGGREGATION": "on", "STREAM_NAME": "nowhere"}, 1, "nowhere"),
    ],
)
def test_what_cannot_work_ends_at_once_with_a_line(
    stack: EmbeddedStack, tmp_path: Path, settings: dict[str, str], code: int, says: str
) -> None:
    worker = worker_of(stack, tmp_path, **settings)
    _, err = worker.process.communicate(timeout=60)
    assert worker.process.returncode == code, err
    assert says in err
    assert "Traceback" not in err
    assert list(tmp_path.glob("*.scoreboard")) == []


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
