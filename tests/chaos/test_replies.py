"""What Kinesis may answer to a whole request, or not: refusals, broken answers, broken connections.

A fault that strikes before a request is stored costs time and nothing else. One that strikes after
it costs a second copy of each record that is sent again, as with the Kinesis Producer Library; so
the copies are as many as the ledger says were sent again, to the record.
"""

import signal
import time
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from tests.chaos.abreast import Abreast, Trial
from tests.chaos.conftest import NewSite
from tests.chaos.proxy import FaultProxy, Rule, put_records
from tests.chaos.site import Outcome, Site
from tests.e2e.demos import wait_until

TIMES = 3
TAKEN = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}


def error(code: str, cause: str, status: int = 400) -> Trial:
    return Trial(code, cause, code, {"error": {"code": code, "status": status}})


def answered(entries: int) -> dict[str, Any]:
    """An answer of so many entries, to a request that goes nowhere."""
    fields = {"FailedRecordCount": 0, "Records": [TAKEN] * entries}
    return {"error": {"code": "none", "status": 200, "fields": fields}}


NOT_STORED = (
    error("ProvisionedThroughputExceededException", "throttled"),
    error("ThrottlingException", "throttled"),
    error("LimitExceededException", "throttled"),
    error("KMSThrottlingException", "throttled"),
    error("InternalFailure", "internal_failure", 500),
    error("ServiceUnavailable", "internal_failure", 503),
    Trial("504 after half a second", "internal_failure", "RequestTimeout", {"timeout_ms": 500}),
    Trial("reset before the answer", "unreachable", "closed", {"reset": True}),
    Trial(
        "reset in mid-request",
        "unreachable",
        "closed",
        {"request": {"cut_upload": {"after_frac": 0.5}}},
    ),
    Trial("1,000 entries answered", "unreachable", "1000 answered", answered(1_000)),
    Trial("no entries answered", "unreachable", "0 answered", answered(0)),
    Trial(
        "200 with an error in it",
        "unreachable",
        "can't be read",
        {"error": {"code": "InternalFailure", "status": 200}},
    ),
)
STORED = (
    Trial("reset in mid-answer", "unreachable", "closed", {"response": {"abort_frac": 0.5}}),
    Trial("answer cut short", "unreachable", "read", {"response": {"truncate_frac": 0.5}}),
    Trial("empty 200", "unreachable", "read", {"response": {"truncate_bytes": 0}}),
    Trial("corrupt answer", "unreachable", "read", {"response": {"corrupt_bytes": 64}}),
)


def tried(
    site: Site, proxy: FaultProxy, fault: str, rules: Sequence[Rule], *, tps: int = 2_000
) -> Outcome:
    """A worker's run until every rule has fired as often as it may."""
    proxy.rules(*rules)
    worker = site.worker(proxy.endpoint, None, {"TARGET_TPS": tps})
    times = sum(rule["times"] for rule in rules)
    wait_until(f"{times} faults", lambda: proxy.fired() == times)
    worker.process.send_signal(signal.SIGTERM)
    return site.outcome(worker, fault, times)


def few_of_each(trials: Iterable[Trial]) -> list[Rule]:
    return [put_records(times=TIMES, **(trial.rule or {})) for trial in trials]


def named(trials: Iterable[Trial]) -> str:
    return f"{TIMES} each of: {', '.join(trial.name for trial in trials)}"


def test_what_strikes_before_a_request_is_stored_costs_no_record_and_no_copy(
    site: Site, proxy: FaultProxy
) -> None:
    rules = few_of_each(NOT_STORED)
    outcome = tried(site, proxy, named(NOT_STORED), rules)
    outcome.assert_all_arrived()
    assert outcome.proof.duplicates == 0
    assert outcome.ledger["throttled"] > 0
    assert outcome.ledger["internal_failures"] > 0
    assert outcome.problems.keys() == {"throttled", "internal_failure", "unreachable"}


def test_what_strikes_after_it_costs_a_copy_of_each_record_that_is_sent_again(
    site: Site, proxy: FaultProxy
) -> None:
    outcome = tried(site, proxy, named(STORED), few_of_each(STORED))
    outcome.assert_all_arrived()
    assert outcome.proof.duplicates == outcome.ledger["retried"] > 0
    assert outcome.problems.keys() == {"unreachable"}


def test_an_answer_that_lies_about_full_requests_is_believed_and_found_out(
    site: Site, proxy: FaultProxy
) -> None:
    """A stream that says it took what it didn't: only the read-back can tell."""
    lie = put_records(body="length(Records) == `500`", times=2, **answered(500))
    name = "says it took a request of 500 and stores none of it"
    outcome = tried(site, proxy, name, [lie], tps=11_000)
    assert outcome.causes == {}
    assert outcome.proof.lost == outcome.untold == 2 * 500
    assert outcome.ledger["delivered"] == outcome.ledger["generated"]
    assert outcome.proof.duplicates == 0


@pytest.mark.long
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_share_of_requests_is_struck_before_it_is_stored(
    new_site: NewSite, proxy: FaultProxy, share: float
) -> None:
    for trial, outcome in struck(new_site, proxy, NOT_STORED, share):
        outcome.assert_all_arrived()
        assert outcome.proof.duplicates == 0, trial
        assert outcome.problems.keys() == {trial.cause}, trial
        assert trial.says in outcome.problems[trial.cause], trial


@pytest.mark.long
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_share_of_requests_is_struck_after_it_was_stored(
    new_site: NewSite, proxy: FaultProxy, share: float
) -> None:
    for trial, outcome in struck(new_site, proxy, STORED, share):
        outcome.assert_all_arrived()
        assert outcome.proof.duplicates == outcome.ledger["retried"] > 0, trial
        assert outcome.problems.keys() == {trial.cause}, trial
        assert trial.says in outcome.problems[trial.cause], trial


def struck(
    new_site: NewSite, proxy: FaultProxy, trials: tuple[Trial, ...], share: float
) -> Iterable[tuple[Trial, Outcome]]:
    """Workers side by side, each under one fault, until shortly before their end."""
    some = [
        Trial(t.name, t.cause, t.says, {**(t.rule or {}), "probability": share}) for t in trials
    ]
    abreast = Abreast(proxy, some, new_site)
    abreast.send(15, 300)
    time.sleep(12)
    abreast.lift()
    return abreast.outcomes(f", {share:.0%} of requests")
