"""Faults that don't end: every record fails with the right cause, in time, and nothing else."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chaos.abreast import Abreast, Trial
from tests.chaos.conftest import NewSite
from tests.chaos.proxy import FaultProxy
from tests.chaos.site import LONGEST_END_SECONDS
from tests.e2e.demos import wait_until

TPS = 100
LONGER_THAN_A_RECORD_LIVES = 36.0


def error(name: str, cause: str, code: str, status: int) -> Trial:
    return Trial(name, cause, code, {"error": {"code": code, "status": status}})


TRIALS = (
    error("throttled, 100%", "throttled", "ProvisionedThroughputExceededException", 400),
    error("500, 100%", "internal_failure", "InternalFailure", 500),
    error("503, 100%", "internal_failure", "ServiceUnavailable", 503),
    error("expired credentials", "not_authenticated", "ExpiredTokenException", 400),
    error("a wrong clock, by its signature", "not_authenticated", "InvalidSignatureException", 400),
    error("a wrong clock, by its time", "not_authenticated", "RequestTimeTooSkewed", 403),
    error("access denied", "rejected", "AccessDeniedException", 400),
    Trial("reset, 100%", "unreachable", "Connection was closed", {"reset": True}),
    Trial("30 s without an answer", "unreachable", "Read timeout", {"timeout_ms": 30_000}),
    Trial(
        "no credentials",
        "not_authenticated",
        "Unable to locate credentials",
        settings={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
    ),
    Trial(
        "a name that DNS doesn't know",
        "unreachable",
        "Could not connect",
        endpoint="http://kinesis.chaos.invalid",
    ),
)


@contextmanager
def refusing() -> Iterator[Trial]:
    """A port that is taken and not listened on, so that it refuses."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{held.getsockname()[1]}"
        yield Trial("connection refused", "unreachable", "Could not connect", endpoint=endpoint)


@pytest.mark.long
def test_a_fault_that_lasts_fails_every_record_with_its_cause(
    new_site: NewSite, proxy: FaultProxy
) -> None:
    with refusing() as refused:
        abreast = Abreast(proxy, (*TRIALS, refused), new_site)
        abreast.send(LONGER_THAN_A_RECORD_LIVES, TPS)
        for trial, outcome in abreast.outcomes(", for good"):
            assert outcome.causes.keys() <= {trial.cause, "drain_timeout"}, trial
            assert outcome.causes[trial.cause] > 0, trial
            assert trial.says in outcome.problems[trial.cause], trial
            assert outcome.ledger["delivered"] == outcome.proof.delivered == 0, trial
            assert outcome.proof.lost == outcome.ledger["failed"], trial
            made = outcome.ledger["generated"] + outcome.ledger["missed"]
            assert made == pytest.approx(TPS * outcome.ledger["seconds"], abs=1), trial


@pytest.mark.long
def test_a_stop_during_a_fault_that_lasts_is_heeded_within_thirty_seconds(
    new_site: NewSite, proxy: FaultProxy
) -> None:
    with refusing() as refused:
        abreast = Abreast(proxy, (*TRIALS, refused), new_site)
        abreast.send(None, TPS)
        workers = abreast.workers
        wait_until("records", lambda: all(worker.books().generated > TPS for worker in workers))
        for worker in workers:
            worker.stop()
        stopped = time.monotonic()
        abreast.wait()
        assert time.monotonic() - stopped < LONGEST_END_SECONDS
        for trial, outcome in abreast.outcomes(", and SIGTERM"):
            assert outcome.causes.keys() <= {trial.cause, "drain_timeout"}, trial
            assert outcome.proof.lost == outcome.ledger["failed"] > 0, trial
            assert outcome.proof.duplicates == 0, trial
            # The youngest don't wait for the end of their own thirty seconds.
            assert trial.cause == "rejected" or outcome.causes["drain_timeout"] > 0, trial
