"""A demo's stream: one of its own, made for it and gone with it, or the stack's, shared by name."""

from __future__ import annotations

from typing import Any

import pytest

from client.api import ApiError
from local.platform import LocalPlatform
from local.reader import Post, read_stream
from tests.e2e.broken import broken_from_phase_2
from tests.e2e.demos import (
    ended,
    environment_of,
    in_phase,
    ledgers,
    left_of,
    own_stream,
    plan,
    pools,
    posts,
    wait_until,
    wait_until_streaming,
)

FRESH: dict[str, Any] = {"stream": {"mode": "fresh"}}


def streams(platform: LocalPlatform) -> list[str]:
    return platform.kinesis.list_streams()["StreamNames"]


def test_a_fresh_stream_takes_all_of_its_demo_and_goes_with_it(platform: LocalPlatform) -> None:
    posted = platform.api.start({**plan(seconds=(20, 1, 1, 1)), **FRESH})
    demo_id = posted["demoId"]
    name = own_stream(demo_id)
    assert (posted["stream"]["name"], posted["stream"]["mode"]) == (name, "fresh")
    demo = in_phase(platform, demo_id, 1)
    assert demo["stream"]["name"] == name
    assert demo["stream"]["open_shards"] >= 1
    told = [environment_of(pool) for pool in pools(demo_id)]
    assert {environment["STREAM_NAME"] for environment in told if environment} == {name}
    made = platform.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert made["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
    assert made["EncryptionType"] == "KMS"

    def arrived() -> bool:
        records = [r for r in read_stream(platform.kinesis, name) if isinstance(r, Post)]
        assert {record.demo_id for record in records} <= {demo_id}
        return bool(records)

    wait_until("records in it", arrived)
    over = ended(platform, demo_id)
    assert over["status"] == "SUCCEEDED"
    wait_until("the last task to end", lambda: not left_of(platform, demo_id))
    assert name not in streams(platform)
    assert over["stream"]["open_shards"] is None
    assert posts(platform, demo_id) == []  # none of them in the stack's stream
    books = wait_until(
        "every ledger",
        lambda: None if ledgers(platform, demo_id).unended else ledgers(platform, demo_id).ledgers,
    )
    assert sum(ledger.delivered for ledger in books) > 0
    # A worker that was told late that its phase is over finds no stream any more.
    assert {cause for ledger in books for cause in ledger.failed_by_cause} <= {"rejected"}


def test_a_fresh_stream_goes_when_its_demo_is_deleted(platform: LocalPlatform) -> None:
    demo_id = platform.api.start({**plan(seconds=(2, 60, 2, 2)), **FRESH})["demoId"]
    in_phase(platform, demo_id, 2)
    assert own_stream(demo_id) in streams(platform)
    platform.api.stop(demo_id)
    wait_until("everything to be gone", lambda: not left_of(platform, demo_id))
    platform.api.stop(demo_id)
    assert platform.api.get(demo_id)["stream"]["open_shards"] is None


def test_a_fresh_stream_goes_when_its_demo_fails(platform: LocalPlatform) -> None:
    with broken_from_phase_2(platform, "StartPhase2"):
        demo_id = platform.api.start({**plan(seconds=(8, 1, 1, 1)), **FRESH})["demoId"]
        wait_until_streaming(platform, demo_id)
    assert ended(platform, demo_id)["status"] == "FAILED"
    wait_until("everything to be gone", lambda: not left_of(platform, demo_id))


def test_demos_on_the_stacks_stream_name_each_other_and_a_third_on_its_own_none(
    platform: LocalPlatform,
) -> None:
    first = platform.api.start(plan(seconds=(2, 2, 2, 2)))
    own = platform.api.start({**plan(seconds=(1, 1, 1, 1)), **FRESH})
    second = platform.api.start(plan(seconds=(1, 1, 1, 1)))
    assert first["demoId"] in second["stream"]["shared_with"]
    assert own["demoId"] not in second["stream"]["shared_with"]
    assert own["stream"]["shared_with"] == []
    assert second["stream"]["shared_with_complete"]
    for demo_id in (first["demoId"], second["demoId"], own["demoId"]):
        ended(platform, demo_id)
    shared = {
        demo["demoId"]: platform.api.get(demo["demoId"])["stream"]["shared_with"]
        for demo in (first, second, own)
    }
    assert second["demoId"] in shared[first["demoId"]]
    assert first["demoId"] in shared[second["demoId"]]
    assert shared[own["demoId"]] == []
    assert not any(own["demoId"] in others for others in shared.values())


def test_an_account_that_has_not_committed_itself_warms_nothing(platform: LocalPlatform) -> None:
    with pytest.raises(ApiError, match=r"\$101\.25 a day.*Nothing was enabled") as refused:
        platform.api.start({"warm_throughput_mibps": 100})
    assert refused.value.status == 409
