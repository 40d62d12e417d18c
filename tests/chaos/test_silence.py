"""No answer: connections refused in the middle, a server that stands still, stalls and drips.

A request that times out may have been stored, and is sent again: then there are copies, exactly as
many as the ledger says were sent again, once the last late request has come through.
"""

import os
import signal
import time

import pytest

from tests.chaos.abreast import Abreast, Trial
from tests.chaos.conftest import NewSite
from tests.chaos.entries import EntryFaults
from tests.chaos.proxy import FaultProxy
from tests.chaos.site import Site
from tests.e2e.demos import wait_until
from tests.workers import Worker

TPS = 1_000
READ_TIMEOUT_SECONDS = 15.0
STALL_SECONDS = 30.0


def error(code: str, status: int) -> Trial:
    return Trial(code, "not_authenticated", code, {"error": {"code": code, "status": status}})


STALLS = (
    Trial("stored after a stall of 30 s", "unreachable", "", {"latency": 1000 * STALL_SECONDS}),
    Trial("an answer at 0.1 KiB/s", "unreachable", "", {"response": {"bandwidth_kbps": 0.1}}),
)
LATE = (
    # 8 KiB at a time, each within the read time-out.
    Trial("an answer at 1 KiB/s", "", "", {"response": {"bandwidth_kbps": 1}, "times": 2}),
    Trial("an answer two seconds late", "", "", {"latency": {"min": 1_500, "max": 2_500}}),
)
LATE_CREDENTIALS = (
    error("ExpiredTokenException", 400),
    error("InvalidSignatureException", 400),
    error("RequestTimeTooSkewed", 403),
)


@pytest.mark.parametrize("outages", [1, pytest.param(4, marks=pytest.mark.long)])
def test_a_server_that_is_killed_and_started_again_costs_no_record(
    site: Site, outages: int
) -> None:
    with EntryFaults(site.stack.endpoint, site.folder) as between:
        worker = site.worker(between.endpoint, None, {"TARGET_TPS": TPS})
        wait_until("records in the stream", lambda: between.done().stored > TPS)
        for _ in range(outages):
            refuse_for_a_while(between, worker)
            wait_until("more of them", lambda: between.done().stored > TPS)
        worker.stop()
        outcome = site.outcome(worker, "connections refused for a second", outages)
    outcome.assert_all_arrived()
    assert outcome.proof.duplicates <= outcome.ledger["retried"]
    assert outcome.problems.keys() == {"unreachable"}


def refuse_for_a_while(between: EntryFaults, worker: Worker) -> None:
    """Until the worker has noticed, however busy the machine is."""
    before = worker.books().retried
    between.stop()
    wait_until("tries in vain", lambda: worker.books().retried > before)
    between.start()


@pytest.mark.long
def test_a_server_that_stands_still_for_twenty_seconds_costs_copies_and_no_record(
    site: Site, proxy: FaultProxy
) -> None:
    worker = site.worker(proxy.endpoint, None, {"TARGET_TPS": TPS})
    wait_until("records in the stream", lambda: worker.books().delivered > TPS)
    os.kill(proxy.pid, signal.SIGSTOP)
    time.sleep(READ_TIMEOUT_SECONDS + 5)
    wait_until("tries in vain", lambda: worker.books().retried > 0)
    os.kill(proxy.pid, signal.SIGCONT)
    delivered = worker.books().delivered
    wait_until("what came late, too", lambda: worker.books().delivered > delivered + 5 * TPS)
    worker.stop()
    outcome = site.outcome(worker, "a server that stands still for 20 s", 1)
    outcome.assert_all_arrived()
    assert outcome.proof.duplicates == outcome.ledger["retried"] > 0
    assert "Read timeout" in outcome.problems["unreachable"]
    assert outcome.ledger["limited_by"] == "service"


@pytest.mark.long
def test_requests_that_stall_or_are_late_cost_no_record(
    new_site: NewSite, proxy: FaultProxy
) -> None:
    some = [Trial(t.name, t.cause, t.says, {**(t.rule or {}), "times": 2}) for t in STALLS]
    abreast = Abreast(proxy, (*some, *LATE, *LATE_CREDENTIALS), new_site)
    abreast.send(None, 300)
    wait_until("each of the faults", lambda: all(proxy.fired_each()))
    time.sleep(10)
    abreast.lift()
    wait_until("records", lambda: all(w.books().delivered > 300 for w in abreast.workers))
    for worker in abreast.workers:
        worker.stop()
    abreast.wait()
    time.sleep(STALL_SECONDS - READ_TIMEOUT_SECONDS)
    for trial, outcome in abreast.outcomes(", for a while"):
        outcome.assert_all_arrived()
        sent_twice = outcome.ledger["retried"] if trial in some else 0
        assert outcome.proof.duplicates == sent_twice, trial
        assert outcome.problems.keys() == ({trial.cause} - {""}), trial
        assert trial.says in outcome.problems.get(trial.cause, ""), trial
