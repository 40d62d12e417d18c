"""A million records a test, aggregated, at 50,000 a second, while up to half of it goes wrong.

What holds for a few thousand records must hold for millions: not one unaccounted, and the stream
holds exactly what it should.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.entries import EntryFaults, Fault
from tests.chaos.proxy import FaultProxy, Rule, put_records
from tests.chaos.site import Outcome, Site
from tests.workers import Worker

TPS = 50_000
SECONDS = 26.0
UNTIL_LIFTED = 22.0
LEAST = 1_000_000
"""Records that a test has to carry, on a machine that is busy besides."""
SETTINGS = {"TARGET_TPS": TPS, "AGGREGATION": "on", "POST_BYTES": 300}

THROTTLE = "ProvisionedThroughputExceededException"
REFUSED: dict[str, list[Rule]] = {
    "throttled, 50% of requests": [put_records(probability=0.5, error={"code": THROTTLE})],
    "500, 25%, and 503, 25% of the rest": [
        put_records(probability=0.25, error={"code": "InternalFailure", "status": 500}),
        put_records(probability=0.25, error={"code": "ServiceUnavailable", "status": 503}),
    ],
    "reset before, or in mid-request, 20% each": [
        put_records(probability=0.2, reset=True),
        put_records(probability=0.2, request={"cut_upload": {"after_frac": 0.5}}),
    ],
}
CUT: dict[str, list[Rule]] = {
    "reset in mid-answer, cut short, empty or corrupt, 5% each": [
        put_records(probability=0.05, response={"abort_frac": 0.5}),
        put_records(probability=0.05, response={"truncate_frac": 0.5}),
        put_records(probability=0.05, response={"truncate_bytes": 0}),
        put_records(probability=0.05, response={"corrupt_bytes": 64}),
    ]
}


def nothing(_: Worker) -> None:
    """Only what the proxy does."""


def carried(
    site: Site,
    fault: str,
    endpoint: str,
    lift: Callable[[], int],
    meanwhile: Callable[[Worker], None] = nothing,
) -> Outcome:
    """A worker's run; `lift` ends the faults some seconds before and says how many there were."""
    started = time.monotonic()
    worker = site.worker(endpoint, SECONDS, SETTINGS)
    meanwhile(worker)
    time.sleep(max(0.0, started + UNTIL_LIFTED - time.monotonic()))
    times = lift()
    outcome = site.outcome(worker, f"{fault}, {TPS:,} records/s", times)
    assert outcome.proof.generated >= LEAST
    return outcome


def lifted(proxy: FaultProxy) -> int:
    fired = proxy.fired()
    proxy.rules()
    return fired


@pytest.mark.long
@pytest.mark.parametrize("fault", REFUSED)
def test_a_million_records_are_refused_and_arrive_once(
    site: Site, proxy: FaultProxy, fault: str
) -> None:
    proxy.rules(*REFUSED[fault])
    outcome = carried(site, fault, proxy.endpoint, lambda: lifted(proxy))
    outcome.assert_all_arrived()
    assert outcome.proof.duplicates == 0
    assert outcome.ledger["retried"] > LEAST / 10


@pytest.mark.long
@pytest.mark.parametrize("fault", CUT)
def test_a_million_records_whose_answers_are_cut_arrive_and_every_copy_is_known(
    site: Site, proxy: FaultProxy, fault: str
) -> None:
    proxy.rules(*CUT[fault])
    outcome = carried(site, fault, proxy.endpoint, lambda: lifted(proxy))
    outcome.assert_all_arrived()
    assert outcome.proof.duplicates == outcome.ledger["retried"] > LEAST / 10


@pytest.mark.long
@pytest.mark.parametrize("code", [THROTTLE, "InternalFailure"])
def test_a_million_records_in_aggregates_of_which_single_ones_are_refused_arrive_once(
    site: Site, entries: EntryFaults, code: str
) -> None:
    entries.set(Fault(share=0.3, refused_as=code))

    def lift() -> int:
        entries.lift()
        return entries.done().entries

    outcome = carried(site, f"{code}, 30% of entries", entries.endpoint, lift)
    outcome.assert_all_arrived()
    assert outcome.proof.duplicates == 0
    assert outcome.ledger["retried"] > LEAST / 10


@pytest.mark.long
def test_a_million_records_whose_producers_are_killed_on_the_way_are_all_booked(
    site: Site, proxy: FaultProxy
) -> None:
    proxy.rules(put_records(probability=0.2, error={"code": THROTTLE}))
    kills = 5

    def kill(worker: Worker) -> None:
        for _ in range(kills):
            time.sleep(3)
            os.kill(worker.producers()[0].pid, signal.SIGKILL)

    def lift() -> int:
        return lifted(proxy) + kills

    fault = f"throttled, 20% of requests, and kill -9 of {kills} producers"
    outcome: Any = carried(site, fault, proxy.endpoint, lift, kill)
    assert outcome.causes.keys() == {"process_died"}
    assert outcome.untold == outcome.proof.duplicates == 0
    assert 0 < outcome.proof.lost <= outcome.ledger["failed"]
    assert outcome.ledger["restarts"] == kills
