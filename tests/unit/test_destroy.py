"""destroy takes every step, whatever the ones before have come to, and says what they came to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from deployment import destroy, inventory
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
