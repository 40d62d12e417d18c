"""A stack is brought to what it should be from whatever state an earlier try has left it in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployment import cloudformation
from deployment.cloudformation import InfrastructureError, Stack, deleted, deployed, parameters_of

STACK = Stack("s", "template", {"Key": "value"})
ABSENT = None


class CloudFormation:
    """Goes through the states that a test has it go through, one a look; keeps the last."""

    def __init__(self, *states: str | None, refuse: str = "") -> None:
        self._states = list(states)
        self._refuse = refuse
        self.calls: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if state is None:
            raise self._error(f"Stack with id {StackName} does not exist")
        outputs = [{"OutputKey": "Out", "OutputValue": "put"}]
        return {"Stacks": [{"StackStatus": state, "Outputs": outputs}]}

    def create_stack(self, **_: Any) -> None:
        self.calls.append("create")

    def update_stack(self, **arguments: Any) -> None:
        assert arguments["Parameters"] == [{"ParameterKey": "Key", "ParameterValue": "value"}]
        self.calls.append("update")
        if self._refuse:
            raise self._error(self._refuse)

    def delete_stack(self, **_: Any) -> None:
        self.calls.append("delete")

    def continue_update_rollback(self, **_: Any) -> None:
        self.calls.append("roll back")

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        event = {"LogicalResourceId": "R", "ResourceType": "T", "ResourceStatus": "CREATE_FAILED"}
        yield {"StackEvents": [{**event, "ResourceStatusReason": "no room"}]}

    def _error(self, message: str) -> ClientError:
        return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "any")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployment.cloudformation.time.sleep", lambda _: None)


def after(client: CloudFormation) -> list[str]:
    outputs = deployed(client, STACK, lambda _: None)  # type: ignore[arg-type]
    assert outputs == {"Out": "put"}
    return client.calls


def test_a_new_stack_is_created_and_waited_for() -> None:
    assert after(CloudFormation(ABSENT, "CREATE_IN_PROGRESS", "CREATE_COMPLETE")) == ["create"]


@pytest.mark.parametrize(
    "state",
    ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"],
)
def test_one_that_can_be_updated_is_updated(state: str) -> None:
    assert after(CloudFormation(state, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")) == ["update"]


@pytest.mark.parametrize(
    "state",
    ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"],
)
def test_a_change_under_way_is_waited_for_first(state: str) -> None:
    client = CloudFormation(state, state, "CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert after(client) == ["update"]


@pytest.mark.parametrize(
    "state",
    [
        *("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"),
        "REVIEW_IN_PROGRESS",
    ],
)
def test_one_that_never_came_about_is_deleted_and_created_anew(state: str) -> None:
    client = CloudFormation(state, state, "DELETE_IN_PROGRESS", ABSENT, "CREATE_COMPLETE")
    assert after(client) == ["delete", "create"]


def test_a_deletion_under_way_is_waited_for_before_it_is_created_anew() -> None:
    client = CloudFormation("DELETE_IN_PROGRESS", ABSENT, "CREATE_COMPLETE")
    assert after(client) == ["create"]


def test_an_update_that_could_not_be_undone_is_undone_first() -> None:
    client = CloudFormation(
        "UPDATE_ROLLBACK_FAILED",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE",
    )
    assert after(client) == ["roll back", "update"]


def test_no_change_is_no_error() -> None:
    client = CloudFormation("UPDATE_ROLLBACK_COMPLETE", refuse=cloudformation.NO_CHANGE)
    assert after(client) == ["update"]


def test_another_refusal_is_one() -> None:
    client = CloudFormation("CREATE_COMPLETE", refuse="Parameter Key is bad")
    with pytest.raises(ClientError, match="Key is bad"):
        after(client)


def test_a_change_that_fails_says_why() -> None:
    with pytest.raises(InfrastructureError, match=r"is ROLLBACK_COMPLETE: R \(T\): no room"):
        after(CloudFormation(ABSENT, "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"))


def test_a_deletion_waits_for_a_change_under_way_and_then_for_its_own_end() -> None:
    client = CloudFormation("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "DELETE_IN_PROGRESS", ABSENT)
    deleted(client, "s", lambda _: None)  # type: ignore[arg-type]
    assert client.calls == ["delete"]


def test_what_is_not_there_needs_no_deletion() -> None:
    client = CloudFormation(ABSENT)
    deleted(client, "s", lambda _: None)  # type: ignore[arg-type]
    assert client.calls == []


def test_a_deletion_that_fails_says_why_and_what_to_do() -> None:
    client = CloudFormation("CREATE_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_FAILED")
    with pytest.raises(InfrastructureError, match="no room; run destroy again"):
        deleted(client, "s", lambda _: None)  # type: ignore[arg-type]


def test_the_parameters_of_a_stack_that_never_came_about_are_not_kept() -> None:
    parameters = [{"ParameterKey": "VpcId", "ParameterValue": "vpc-wrong"}]
    failed: Any = {"StackStatus": "ROLLBACK_COMPLETE", "Parameters": parameters}
    assert parameters_of(failed) == {}
    updated: Any = {**failed, "StackStatus": "UPDATE_COMPLETE"}
    assert parameters_of(updated) == {"VpcId": "vpc-wrong"}
    assert parameters_of(None) == {}
