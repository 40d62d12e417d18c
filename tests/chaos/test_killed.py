"""Processes that are killed or stopped while their requests are being refused and cut off.

What a killed process had in memory is booked as failed; some of it may have arrived, none of it is
counted twice, and nothing else is lost.
"""

import os
import signal
import time

import psutil
import pytest

from tests.chaos.entries import EntryFaults, Fault
from tests.chaos.proxy import FaultProxy, put_records
from tests.chaos.site import LONGEST_END_SECONDS, Outcome, Site
from tests.e2e.demos import wait_until
from tests.workers import Worker

TPS = 2_000
MAIN = "a pool's first process"
PRODUCER = "a producer"
THROTTLING = put_records(probability=0.2, error={"code": "ProvisionedThroughputExceededException"})
CUTTING = put_records(probability=0.1, reset=True)


def sending(site: Site, proxy: FaultProxy, seconds: float | None = None) -> Worker:
    """A worker that is being throttled and cut off, and has records in the stream."""
    proxy.rules(THROTTLING, CUTTING)
    worker = site.worker(proxy.endpoint, seconds, {"TARGET_TPS": TPS})
    wait_until("two producers", lambda: len(worker.producers()) == 2)
    wait_until("faults", lambda: proxy.fired() > 3)
    return worker


def assert_only_the_killed_ones_records_failed(outcome: Outcome) -> None:
    assert outcome.causes.keys() <= {"process_died"}
    assert outcome.proof.lost <= outcome.ledger["failed"]
    assert outcome.untold == 0
    assert outcome.proof.duplicates == 0


def kill_a_producer(worker: Worker) -> None:
    before = {process.pid for process in worker.producers()}
    victim = min(before)
    os.kill(victim, signal.SIGKILL)

    def replaced() -> bool:
        now = {process.pid for process in worker.producers()}
        return victim not in now and len(now) == len(before)

    wait_until("another producer", replaced)


def test_a_producer_that_is_killed_is_replaced_and_its_records_booked(
    site: Site, entries: EntryFaults
) -> None:
    entries.set(Fault(share=0.3, refused_as="InternalFailure"))
    worker = site.worker(entries.endpoint, None, {"TARGET_TPS": TPS})
    wait_until("two producers", lambda: len(worker.producers()) == 2)
    wait_until("faults", lambda: entries.done().entries > 100)
    kill_a_producer(worker)
    entries.lift()
    worker.stop()
    outcome = site.outcome(worker, "kill -9, while 30% of entries are refused", 1, PRODUCER)
    assert_killed(outcome, 1)


@pytest.mark.long
def test_producers_that_are_killed_again_and_again_are_replaced(
    site: Site, proxy: FaultProxy
) -> None:
    kills = 6
    worker = sending(site, proxy)
    for _ in range(kills):
        kill_a_producer(worker)
    worker.stop()
    outcome = site.outcome(worker, "kill -9, while throttled and cut off", kills, PRODUCER)
    assert_killed(outcome, kills)


def assert_killed(outcome: Outcome, kills: int) -> None:
    assert_only_the_killed_ones_records_failed(outcome)
    assert outcome.ledger["restarts"] == kills
    died = [event for event in outcome.events if event["event"] == "producer_died"]
    assert sum(event["unacknowledged"] for event in died) == outcome.ledger["failed"]


@pytest.mark.long
def test_a_pool_that_is_killed_leaves_books_that_add_up_and_no_process(
    site: Site, proxy: FaultProxy
) -> None:
    worker = sending(site, proxy)
    producers = worker.producers()
    time.sleep(1)
    worker.process.kill()
    worker.process.communicate(timeout=90)
    psutil.wait_procs(producers, timeout=LONGEST_END_SECONDS)
    outcome = site.outcome_of_killed(worker, "kill -9, while throttled and cut off", 1, MAIN)
    assert outcome.causes == {}
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)


@pytest.mark.long
def test_a_task_that_is_killed_whole_leaves_books_that_add_up(
    site: Site, proxy: FaultProxy
) -> None:
    worker = sending(site, proxy)
    time.sleep(1)
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.communicate(timeout=90)
    psutil.wait_procs(worker_processes(worker), timeout=90)
    outcome = site.outcome_of_killed(worker, "kill -9 of all its processes", 1, "a task")
    assert_only_the_killed_ones_records_failed(outcome)


def worker_processes(worker: Worker) -> list[psutil.Process]:
    return [p for p in psutil.process_iter() if _group(p) == worker.process.pid]


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0


def stop_when_level(worker: Worker) -> None:
    """Once it has sent a while since it went on."""
    delivered = worker.books().delivered
    wait_until("more records", lambda: worker.books().delivered > delivered + 3 * TPS)
    worker.stop()


@pytest.mark.long
def test_a_producer_that_is_stopped_for_a_while_catches_up(site: Site, proxy: FaultProxy) -> None:
    worker = sending(site, proxy)
    victim = worker.producers()[0].pid
    os.kill(victim, signal.SIGSTOP)
    time.sleep(2)
    os.kill(victim, signal.SIGCONT)
    stop_when_level(worker)
    outcome = site.outcome(worker, "SIGSTOP for 2 s", 1, PRODUCER)
    assert outcome.causes == {}
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)
    assert outcome.ledger["restarts"] == 0


@pytest.mark.long
def test_a_producer_that_stays_stopped_is_killed_when_its_time_to_drain_is_over(
    site: Site, proxy: FaultProxy
) -> None:
    worker = sending(site, proxy)
    os.kill(worker.producers()[0].pid, signal.SIGSTOP)
    worker.stop()
    stopped = time.monotonic()
    outcome = site.outcome(worker, "SIGSTOP for good, then SIGTERM to the pool", 1, PRODUCER)
    assert time.monotonic() - stopped < LONGEST_END_SECONDS
    assert_only_the_killed_ones_records_failed(outcome)
    assert outcome.ledger["restarts"] == 1


@pytest.mark.long
def test_a_pool_that_is_stopped_does_not_hold_its_producers_up(
    site: Site, proxy: FaultProxy
) -> None:
    worker = sending(site, proxy, 10)
    os.kill(worker.process.pid, signal.SIGSTOP)
    made = worker.books().generated
    producers = worker.producers()
    wait_until("their end", lambda: all(map(ended, producers)), LONGEST_END_SECONDS)
    os.kill(worker.process.pid, signal.SIGCONT)
    outcome = site.outcome(worker, "SIGSTOP until after the phase's end", 1, MAIN)
    assert outcome.causes == {}
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)
    assert outcome.ledger["generated"] > made


def ended(process: psutil.Process) -> bool:
    """Whether it has, though its parent, which is stopped, doesn't know yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.long
def test_a_stop_that_comes_while_the_pool_is_stopped_is_heeded_when_it_goes_on(
    site: Site, proxy: FaultProxy
) -> None:
    worker = sending(site, proxy)
    os.kill(worker.process.pid, signal.SIGSTOP)
    worker.stop()
    time.sleep(1)
    os.kill(worker.process.pid, signal.SIGCONT)
    outcome = site.outcome(worker, "SIGTERM while it was stopped", 1, MAIN)
    assert outcome.causes == {}
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)


@pytest.mark.long
def test_a_machine_that_stands_still_loses_nothing(site: Site, proxy: FaultProxy) -> None:
    worker = sending(site, proxy)
    os.killpg(worker.process.pid, signal.SIGSTOP)
    time.sleep(3)
    os.killpg(worker.process.pid, signal.SIGCONT)
    stop_when_level(worker)
    outcome = site.outcome(worker, "SIGSTOP of all its processes for 3 s", 1, "a task")
    assert outcome.causes == {}
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)
