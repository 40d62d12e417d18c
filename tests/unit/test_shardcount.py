"""A stream's open shards are counted soon, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from worker.shardcount import PATIENCE_S, ShardCount

ASKED = {"StreamName": "s", "ShardFilter": {"Type": "AT_LATEST"}}


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with Stubber(boto3.client("kinesis", region_name="us-east-1")) as stub:
        yield stub
        stub.assert_no_pending_responses()


def page(*endings: str | None, **more: str) -> dict[str, Any]:
    """A page of shards, by their ends; None is open."""
    keys = {"StartingHashKey": "0", "EndingHashKey": "1"}
    ranges = [
        {"StartingSequenceNumber": "1"} | ({"EndingSequenceNumber": end} if end else {})
        for end in endings
    ]
    shards = [
        {"ShardId": "shardId-0", "HashKeyRange": keys, "SequenceNumberRange": numbers}
        for numbers in ranges
    ]
    return {"Shards": shards, **more}


def client_of(kinesis: Stubber) -> Any:
    return kinesis.client


def test_the_open_ones_of_all_pages_are_counted(kinesis: Stubber) -> None:
    kinesis.add_response("list_shards", page(None, "9", None, NextToken="more"), ASKED)
    kinesis.add_response("list_shards", page(None), {"NextToken": "more"})
    assert ShardCount(client_of(kinesis), "s")() == 3


def test_what_takes_too_long_is_not_waited_for(
    kinesis: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    kinesis.add_response("list_shards", page(None, NextToken="more"), ASKED)
    moments = iter([0.0, PATIENCE_S + 0.1])
    assert ShardCount(client_of(kinesis), "s", lambda: next(moments))() is None
    assert json.loads(capsys.readouterr().err)["event"] == "shards_not_counted"


def test_a_failure_is_logged_once_until_it_works_again(
    kinesis: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    count = ShardCount(client_of(kinesis), "s")
    for works in (False, False, True, False):
        if works:
            kinesis.add_response("list_shards", page(None), ASKED)
        else:
            kinesis.add_client_error("list_shards", "LimitExceededException", "too many")
        assert count() == (1 if works else None)
    assert capsys.readouterr().err.count("too many") == 2
