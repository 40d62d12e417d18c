"""destroy takes every step, whatever the ones before have come to, and says what they came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from deployment import destroy, inventory, rest_apis
from deployment.checkout import stage_named
from deployment.demos import DemosError
from deployment.inventory import Resource
from deployment.stage import Stage

THROTTLED = {"Error": {"Code": "TooManyRequestsException", "Message": "slower"}}


def failing(error: Exception) -> destroy.Step:
    def step(_stage: Stage, _say: Callable[[str], None]) -> None:
        raise error

    return step


def test_a_step_that_fails_keeps_none_from_being_taken_and_is_named_with_what_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    taken: list[str] = []
    steps = (
        ("demos", failing(DemosError("tasks are still there"))),
        ("API", failing(ClientError(THROTTLED, "DeleteRestApi"))),  # type: ignore[arg-type]
        ("stack", lambda _stage, _say: taken.append("stack")),
    )
    monkeypatch.setattr(destroy, "_STEPS", steps)
    monkeypatch.setattr(inventory, "everything", lambda _: [Resource("REST API", "abc")])
    with pytest.raises(destroy.LeftOverError) as caught:
        destroy.destroy(stage_named("a"), tmp_path, lambda _: None)
    assert taken == ["stack"]
    demos, api, _advice, left = str(caught.value).splitlines()
    assert demos == "could not remove demos: tasks are still there"
    assert "API: An error occurred (TooManyRequestsException)" in api
    assert left == "  REST API abc"


def test_why_a_step_failed_is_said_also_when_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = iter([[Resource("REST API", "abc")], []])
    monkeypatch.setattr(destroy, "_STEPS", (("demos", failing(DemosError("still there"))),))
    monkeypatch.setattr(inventory, "everything", lambda _: next(there))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    said: list[str] = []
    destroy.destroy(stage_named("a"), tmp_path, said.append)
    assert said[-2].endswith("demos: still there")
    assert said[-1].startswith("nothing of kinesis-demo-a is left")


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were asked for; none is made."""
    asked: list[float] = []
    monkeypatch.setattr("deployment.rest_apis.time.sleep", asked.append)
    return asked


@pytest.fixture
def api_gateway() -> Any:
    return boto3.client(
        "apigateway",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
    )


@pytest.fixture
def gateway(api_gateway: Any) -> Iterator[Stubber]:
    with Stubber(api_gateway) as stub:
        yield stub
        stub.assert_no_pending_responses()


def test_an_api_is_deleted_when_its_turn_comes(
    api_gateway: Any, gateway: Stubber, slept: list[float]
) -> None:
    for _ in range(2):
        gateway.add_client_error("delete_rest_api", "TooManyRequestsException")
    gateway.add_response("delete_rest_api", {}, {"restApiId": "abc"})
    said: list[str] = []
    rest_apis.delete(api_gateway, "abc", said.append)
    assert slept == [30, 30]
    assert said[-1] == "REST API abc: deleted"


@pytest.mark.usefixtures("slept")
def test_an_api_whose_turn_never_comes_is_an_error_and_one_that_is_gone_is_none(
    api_gateway: Any, gateway: Stubber
) -> None:
    for _ in range(5):
        gateway.add_client_error("delete_rest_api", "TooManyRequestsException")
    with pytest.raises(ClientError, match="TooManyRequests"):
        rest_apis.delete(api_gateway, "abc", print)
    gateway.add_client_error("delete_rest_api", "NotFoundException")
    rest_apis.delete(api_gateway, "abc", print)
