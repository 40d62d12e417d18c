"""A dry run leaves no change set behind, or says which, and how it ends is told all the same."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from deployment.checkout import stage_named
from deployment.dry_run import ChangeSetError, changes

STAGE = stage_named("test")
CHANGE_SET = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/dry-run-1/1"
CHANGE: dict[str, Any] = {"ResourceChange": {"LogicalResourceId": "A"}}
REFUSED = ClientError({"Error": {"Code": "InvalidChangeSetStatus"}}, "DeleteChangeSet")


class CloudFormation:
    """Makes a change set; `end` is how the wait for it ends, `refusal` why it is not deleted."""

    def __init__(self, end: BaseException | None, refusal: Exception | None) -> None:
        self._end = end
        self._refusal = refusal
        self.deleted: list[str] = []

    def create_change_set(self, **_: Any) -> dict[str, str]:
        return {"Id": CHANGE_SET}

    def get_waiter(self, _: str) -> Any:
        return self

    def wait(self, **_: Any) -> None:
        if self._end:
            raise self._end

    def describe_change_set(self, **_: Any) -> dict[str, str]:
        return {"Status": "CREATE_IN_PROGRESS"}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Changes": [CHANGE]}]

    def delete_change_set(self, *, ChangeSetName: str) -> None:  # noqa: N803
        if self._refusal:
            raise self._refusal
        self.deleted.append(ChangeSetName)


def asked(made: CloudFormation, said: list[str]) -> list[Any]:
    client: Any = made
    return list(changes(client, STAGE, {}, said.append))


@pytest.mark.parametrize("refusal", [REFUSED, None])
@pytest.mark.parametrize(
    ("end", "told"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (WaiterError("change_set_create_complete", "Max attempts exceeded", {}), ChangeSetError),
        (None, None),
    ],
)
def test_a_change_set_is_deleted_or_named_however_the_wait_for_it_ends(
    end: BaseException | None, told: type[BaseException] | None, refusal: Exception | None
) -> None:
    made, said = CloudFormation(end, refusal), list[str]()
    if told:
        with pytest.raises(told):
            asked(made, said)
    else:
        assert asked(made, said) == [CHANGE]
    left = (
        f"a change set is left ({REFUSED}), which changes nothing; delete it with: "
        f"aws cloudformation delete-change-set --change-set-name {CHANGE_SET}"
    )
    assert (made.deleted, said) == (([], [left]) if refusal else ([CHANGE_SET], []))
