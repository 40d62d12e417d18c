"""Warm throughput through the API, on a stack whose streams behave by the model."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from client.api import ApiError
from client.console import Console
from local.kinesis.settings import settings_of
from local.platform import LocalPlatform
from tests.e2e.demos import plan, proof, whole


@pytest.fixture(scope="module")
def modelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    folder = tmp_path_factory.mktemp("modelled")
    settings = settings_of("on", "300")
    with LocalPlatform(folder, Console(io.StringIO()), settings=settings) as platform:
        yield platform


def test_warming_needs_the_accounts_commitment_and_then_shows_no_throttling(
    modelled: LocalPlatform,
) -> None:
    body = {**plan(tps=(50, 5_000, 5_000, 50), seconds=(2, 4, 4, 2)), "warm_throughput_mibps": 60}
    with pytest.raises(ApiError, match="costs") as refused:
        modelled.api.start(body)
    assert refused.value.status == 409
    enabled: Any = {"Status": "ENABLED"}
    modelled.kinesis.update_account_settings(MinimumThroughputBillingCommitment=enabled)
    demo_id = modelled.api.start(body)["demoId"]
    summary = proof(modelled, demo_id)
    whole(summary)
    assert summary.generated > 0
    assert summary.throttled == 0
    assert modelled.api.get(demo_id)["stream"]["open_shards"] >= 60
