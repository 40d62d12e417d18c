"""What Kinesis may answer to single entries of a request: refusals, lies, and the wrong number.

Microburst knows no entries, so these faults are the suite's own (tests/chaos/entries.py), which
counts what it stored and what it told.
"""

import pytest

from tests.chaos.entries import EntryFaults, Fault
from tests.chaos.record import told
from tests.chaos.site import Outcome, Site
from tests.e2e.demos import wait_until

THROTTLE = "ProvisionedThroughputExceededException"
INTERNAL = "InternalFailure"
pytestmark = pytest.mark.long

TPS = 2_000
ENOUGH = 10
"""Requests or entries that a fault struck, if it doesn't end by itself before."""


def tried(
    site: Site, entries: EntryFaults, name: str, fault: Fault, *, count_requests: bool = False
) -> Outcome:
    """A worker's run under this fault, which is gone before it is told to stop."""

    def struck() -> int:
        done = entries.done()
        return done.requests if count_requests else done.entries

    entries.set(fault)
    worker = site.worker(entries.endpoint, None, {"TARGET_TPS": TPS})
    wait_until("the fault", lambda: struck() >= (fault.times or ENOUGH))
    entries.lift()
    times = struck()
    delivered = worker.books().delivered
    wait_until("records without it", lambda: worker.books().delivered > delivered)
    worker.stop()
    outcome = site.outcome(worker, name, times)
    assert outcome.causes == {}
    assert outcome.proof.delivered + told(outcome.proof.duplicates) == entries.done().stored
    return outcome


@pytest.mark.parametrize("code", [THROTTLE, INTERNAL])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_only_the_refused_entries_are_sent_again(
    site: Site, entries: EntryFaults, share: float, code: str
) -> None:
    name = f"{share:.0%} of entries {code}"
    outcome = tried(site, entries, name, Fault(share=share, refused_as=code))
    counted = "throttled" if code == THROTTLE else "internal_failures"
    assert outcome.ledger[counted] == outcome.ledger["retried"] == entries.done().entries > 0
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)
    assert [problem.partition(":")[0] for problem in outcome.problems.values()] == [code]


def test_entries_that_are_said_to_be_taken_and_are_not_are_found_out(
    site: Site, entries: EntryFaults
) -> None:
    outcome = tried(site, entries, "1% of entries taken, it says: not stored", Fault(share=0.01))
    assert outcome.ledger["failed"] == outcome.ledger["retried"] == 0
    assert outcome.proof.lost == outcome.untold == entries.done().entries > 0
    assert outcome.proof.duplicates == 0


def test_entries_that_are_said_to_be_refused_and_are_stored_are_there_twice(
    site: Site, entries: EntryFaults
) -> None:
    fault = Fault(share=0.1, refused_as=INTERNAL, stored=True)
    outcome = tried(site, entries, "10% of entries refused, it says: stored", fault)
    assert outcome.proof.duplicates == outcome.ledger["retried"] == entries.done().entries > 0
    assert outcome.proof.lost == 0


@pytest.mark.parametrize("more", [-1, 1, -50])
def test_an_answer_with_another_number_of_entries_counts_as_none(
    site: Site, entries: EntryFaults, more: int
) -> None:
    fault = Fault(entries_more=more, times=3)
    name = f"{abs(more)} {'more' if more > 0 else 'fewer'} entries answered than sent"
    outcome = tried(site, entries, name, fault, count_requests=True)
    assert outcome.proof.duplicates == outcome.ledger["retried"] > 0
    assert outcome.proof.lost == 0
    assert "entries sent" in outcome.problems["unreachable"]


def test_a_failed_count_of_nought_hides_no_refusal(site: Site, entries: EntryFaults) -> None:
    fault = Fault(share=0.5, refused_as=THROTTLE, failed_count=0)
    outcome = tried(site, entries, "FailedRecordCount 0, and half of the entries refused", fault)
    assert outcome.ledger["throttled"] == entries.done().entries > 0
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)


def test_a_failed_count_without_a_refusal_has_nothing_sent_again(
    site: Site, entries: EntryFaults
) -> None:
    name = "FailedRecordCount 7, and no entry refused"
    outcome = tried(site, entries, name, Fault(failed_count=7), count_requests=True)
    assert outcome.ledger["retried"] == 0
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)
