"""What Kinesis may answer to a whole request, or not: refusals, broken answers, broken connections.

A fault that strikes before a request is stored costs time and nothing else. One that strikes after
it costs a second copy of each record that is sent again, as with the Kinesis Producer Library; so
the copies are as many as the ledger says were sent again, to the record.
"""

import time
from typing import Any

import pytest

from tests.chaos.proxy import FaultProxy, put_records
from tests.chaos.site import Outcome, Site

TPS = 2_000
SECONDS = 3.5
TIMES = 3

Effects = dict[str, Any]

THROTTLES: dict[str, Effects] = {
    "ProvisionedThroughputExceededException": {
        "error": {"code": "ProvisionedThroughputExceededException"}
    },
    "ThrottlingException": {"error": {"code": "ThrottlingException", "status": 400}},
    "LimitExceededException": {"error": {"code": "LimitExceededException"}},
    "KMSThrottlingException": {"error": {"code": "KMSThrottlingException"}},
}
FAILURES: dict[str, Effects] = {
    "500 InternalFailure": {"error": {"code": "InternalFailure", "status": 500}},
    "503 ServiceUnavailable": {"error": {"code": "ServiceUnavailable", "status": 503}},
    "504 after a second": {"timeout_ms": 1_000},
}
NO_ANSWERS: dict[str, Effects] = {
    "reset before the answer": {"reset": True},
    "reset in mid-request": {"request": {"cut_upload": {"after_frac": 0.5}}},
    "three entries answered": {
        "error": {
            "code": "none",
            "status": 200,
            "fields": {
                "FailedRecordCount": 0,
                "Records": [{"SequenceNumber": "1", "ShardId": "shardId-000000000000"}] * 3,
            },
        },
        "body": "length(Records) != `3`",
    },
    "200 with an error in it": {"error": {"code": "InternalFailure", "status": 200}},
}
NO_ANSWERS_TO_WHAT_IS_STORED: dict[str, Effects] = {
    "reset in mid-answer": {"response": {"abort_frac": 0.5}},
    "answer cut short": {"response": {"truncate_frac": 0.5}},
    "empty 200": {"response": {"truncate_bytes": 0}},
    "corrupt answer": {"response": {"corrupt_bytes": 64}},
}
NOT_STORED = THROTTLES | FAILURES | NO_ANSWERS
SLOW: dict[str, Effects] = {
    "answers a second late": {"latency": {"min": 500, "max": 1_500}},
    "answers that drip, 16 KiB/s": {"response": {"bandwidth_kbps": 16}},
}


def tried(site: Site, proxy: FaultProxy, fault: str, *rules: Effects, tps: int = TPS) -> Outcome:
    """A worker's run under these rules, which are gone a second before its end."""
    proxy.rules(*map(put_records_of, rules))
    worker = site.worker(proxy.endpoint, SECONDS, {"TARGET_TPS": tps})
    time.sleep(SECONDS - 1)
    fired = proxy.fired()
    proxy.rules()
    return site.outcome(worker, fault, fired)


def put_records_of(effects: Effects) -> Any:
    return put_records(**effects)


def assert_all_arrived(outcome: Outcome) -> None:
    assert outcome.causes == {}
    assert outcome.proof.lost == 0
    assert outcome.ledger["delivered"] == outcome.proof.generated


def test_what_strikes_before_a_request_is_stored_costs_no_record_and_no_copy(
    site: Site, proxy: FaultProxy
) -> None:
    rules = [{"times": TIMES, **effects} for effects in NOT_STORED.values()]
    outcome = tried(site, proxy, f"{TIMES} each of: {', '.join(NOT_STORED)}", *rules)
    assert_all_arrived(outcome)
    assert outcome.proof.duplicates == 0
    assert outcome.ledger["throttled"] > 0
    assert outcome.ledger["internal_failures"] > 0
    assert outcome.problems.keys() == {"throttled", "internal_failure", "unreachable"}


def test_what_strikes_after_it_costs_a_copy_of_each_record_that_is_sent_again(
    site: Site, proxy: FaultProxy
) -> None:
    rules = [{"times": TIMES, **effects} for effects in NO_ANSWERS_TO_WHAT_IS_STORED.values()]
    names = ", ".join(NO_ANSWERS_TO_WHAT_IS_STORED)
    outcome = tried(site, proxy, f"{TIMES} each of: {names}", *rules)
    assert_all_arrived(outcome)
    assert outcome.proof.duplicates == outcome.ledger["retried"] > 0
    assert outcome.problems.keys() == {"unreachable"}


def test_an_answer_that_lies_about_full_requests_is_believed_and_found_out(
    site: Site, proxy: FaultProxy
) -> None:
    """A stream that says it took what it didn't: only the read-back can tell."""
    taken = [{"SequenceNumber": "1", "ShardId": "shardId-000000000000"}] * 500
    fields = {"FailedRecordCount": 0, "Records": taken}
    outcome = tried(
        site,
        proxy,
        "says it took a request of 500 and stores none of it",
        {
            "error": {"code": "none", "status": 200, "fields": fields},
            "body": "length(Records) == `500`",
            "times": 2,
        },
        tps=11_000,
    )
    assert outcome.causes == {}
    assert outcome.proof.lost == outcome.untold == 2 * 500
    assert outcome.ledger["delivered"] == outcome.ledger["generated"]
    assert outcome.proof.duplicates == 0


@pytest.mark.long
@pytest.mark.parametrize("fault", NOT_STORED)
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_share_of_requests_is_struck_before_it_is_stored(
    site: Site, proxy: FaultProxy, fault: str, share: float
) -> None:
    outcome = tried(
        site, proxy, f"{fault}, {share:.0%}", {"probability": share} | NOT_STORED[fault]
    )
    assert_all_arrived(outcome)
    assert outcome.proof.duplicates == 0
    expected = "throttled" if fault in THROTTLES else "unreachable"
    assert outcome.problems.keys() == {"internal_failure" if fault in FAILURES else expected}


@pytest.mark.long
@pytest.mark.parametrize("fault", NO_ANSWERS_TO_WHAT_IS_STORED)
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_share_of_requests_is_struck_after_it_was_stored(
    site: Site, proxy: FaultProxy, fault: str, share: float
) -> None:
    effects = {"probability": share} | NO_ANSWERS_TO_WHAT_IS_STORED[fault]
    outcome = tried(site, proxy, f"{fault}, {share:.0%}", effects)
    assert_all_arrived(outcome)
    assert outcome.proof.duplicates == outcome.ledger["retried"] > 0
    assert outcome.problems.keys() == {"unreachable"}


@pytest.mark.long
@pytest.mark.parametrize("fault", SLOW)
def test_answers_that_are_late_cost_nothing(site: Site, proxy: FaultProxy, fault: str) -> None:
    outcome = tried(site, proxy, fault, SLOW[fault])
    assert_all_arrived(outcome)
    assert outcome.proof.duplicates == 0
    assert outcome.problems == {}
