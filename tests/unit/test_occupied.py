"""Whose a stack of the stage's name is, told by its description."""

from __future__ import annotations

from typing import Any

import pytest

from deployment.checkout import stage_named
from deployment.occupied import foreign_stack
from deployment.stage import TITLE

STAGE = stage_named("a")


def described(state: str, **more: str) -> Any:
    return {"StackName": STAGE.stack, "StackStatus": state, **more}


@pytest.mark.parametrize(
    "stack",
    [
        None,
        described("CREATE_COMPLETE", Description=f"{TITLE}: an older one"),
        described("REVIEW_IN_PROGRESS"),  # of a change set that was never carried out
        described("REVIEW_IN_PROGRESS", Description=""),
    ],
)
def test_what_is_ours_or_nobodys_is_in_nobodys_way(stack: Any) -> None:
    assert foreign_stack(STAGE, stack) == ""


@pytest.mark.parametrize("description", [{}, {"Description": ""}, {"Description": "Theirs"}])
def test_a_stack_that_does_not_say_that_it_is_ours_is_not(description: dict[str, str]) -> None:
    said = foreign_stack(STAGE, described("CREATE_COMPLETE", **description))
    assert said.startswith(f"stack {STAGE.stack}: is there, but isn't this demo's")
