"""The fuzzing of tests/e2e/test_openapi.py for longer, and with other requests each time."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.console import Console
from local.platform import LocalPlatform
from tests.chaos import record
from tests.chaos.record import Row
from tests.e2e.fuzzing import answered, fuzzed, schemathesis
from tests.e2e.identities import allow_ecs_as_ministack_asks

pytestmark = pytest.mark.long

MORE = ("--max-examples", "80", "--workers", "1")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    settings = {"AUTH": "true"}
    folder = tmp_path_factory.mktemp("guarded")
    with LocalPlatform(folder, Console(io.StringIO()), settings=settings) as up:
        allow_ecs_as_ministack_asks(up)
        yield up


def test_requests_that_nobody_wrote_find_no_server_error(
    guarded: LocalPlatform, tmp_path: Path
) -> None:
    report, seed = tmp_path / "report.ndjson", str(secrets.randbelow(2**31))
    with fuzzed(guarded) as environment:
        ran = schemathesis(environment, report, *MORE, "--seed", seed)
    assert ran.returncode == 0, f"--seed {seed}\n{ran.stdout}{ran.stderr}"
    count, statuses = answered(report, guarded.api.base_url)
    assert max(max(found) for found in statuses.values()) < 500
    record.append(
        Row(
            fault="requests by schemathesis",
            where="callers and API",
            times=count,
            records=0,
            delivered=0,
            failed=0,
            lost=0,
            duplicates=0,
            command=record.command_of_this_test(),
        )
    )
