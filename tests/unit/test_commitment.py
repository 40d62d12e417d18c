"""Warm throughput is never enabled by itself: the account's commitment is looked at, and priced."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from chalicelib import clients, commitment
from chalicelib.errors import CommitmentNotEnabled, WarmThroughputUnsupported
from tests import control_plane
from tests.control_plane import client, post

API = Path(__file__).resolve().parents[2] / "api"


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    with control_plane.stubbed(monkeypatch, clients.kinesis) as stub:
        yield stub


def add_status(stub: Stubber, status: str) -> None:
    answer = {"MinimumThroughputBillingCommitment": {"Status": status}}
    stub.add_response("describe_account_settings", answer)


def test_an_account_that_has_committed_itself_may_warm_streams(kinesis: Stubber) -> None:
    add_status(kinesis, "ENABLED")
    commitment.require(clients.kinesis(), "us-east-1")


@pytest.mark.parametrize("status", ["DISABLED", "ENABLED_UNTIL_EARLIEST_ALLOWED_END", None])
def test_any_other_account_is_told_what_it_would_cost_and_how(
    kinesis: Stubber, status: str | None
) -> None:
    if status:
        add_status(kinesis, status)
    else:
        kinesis.add_response("describe_account_settings", {})
    with pytest.raises(CommitmentNotEnabled) as caught:
        commitment.require(clients.kinesis(), "us-east-1")
    message = str(caught.value)
    assert (status or "DISABLED") in message
    for words in (
        "the account",
        "us-east-1",
        "24 hours at the least",
        "25 MiB/s in and 25 MiB/s out",
        "$101.25 a day ($3,080 a month)",
        "Nothing was enabled",
    ):
        assert words in message
    assert message.endswith(f"{commitment.COMMAND} --region us-east-1")


@pytest.mark.parametrize(
    ("code", "status"),
    [("InvalidAction", 400), ("UnknownOperationException", 400), ("InternalFailure", 501)],
)
def test_an_aws_that_knows_no_warm_throughput_is_said_to_be_one(
    kinesis: Stubber, code: str, status: int
) -> None:
    kinesis.add_client_error(
        "describe_account_settings", service_error_code=code, http_status_code=status
    )
    with pytest.raises(WarmThroughputUnsupported, match="leave warm_throughput_mibps out"):
        commitment.require(clients.kinesis(), "us-east-1")


def test_any_other_error_is_passed_on(kinesis: Stubber) -> None:
    kinesis.add_client_error(
        "describe_account_settings", service_error_code="AccessDeniedException"
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        commitment.require(clients.kinesis(), "us-east-1")


def test_nothing_in_the_api_can_enable_it() -> None:
    called = {
        node.attr
        for path in API.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    assert "describe_account_settings" in called
    assert "update_account_settings" not in called


# Through POST /demo


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_warm_demo_is_refused_before_anything_is_started(http: Any, query: str) -> None:
    with Stubber(clients.kinesis()) as stub:
        add_status(stub, "DISABLED")
        response = post(http, {"name": "warm", "warm_throughput_mibps": 100}, query=query)
    assert response.status_code == 409
    assert response.json_body["error"] == "CommitmentNotEnabled"
    assert commitment.COMMAND in response.json_body["message"]
    executions = client("stepfunctions").list_executions(
        stateMachineArn=control_plane.STATE_MACHINE_ARN
    )
    assert executions["executions"] == []


def test_an_aws_without_warm_throughput_is_no_error_of_ours(http: Any) -> None:
    with Stubber(clients.kinesis()) as stub:
        stub.add_client_error("describe_account_settings", service_error_code="InvalidAction")
        response = post(http, {"warm_throughput_mibps": 100})
    assert (response.status_code, response.json_body["error"]) == (409, "WarmThroughputUnsupported")


def test_a_warm_demo_of_a_committed_account_is_started(http: Any) -> None:
    with Stubber(clients.kinesis()) as stub:
        add_status(stub, "ENABLED")
        response = post(http, {"name": "warm", "warm_throughput_mibps": 100})
    assert response.status_code == 201
    assert response.json_body["warm_throughput_mibps"] == 100
