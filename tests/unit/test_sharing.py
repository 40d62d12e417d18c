"""Which demos ran at the same time on the same stream, and how much is asked to find out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from chalicelib import clients, sharing
from chalicelib.stream_choice import AS_IT_IS, StreamChoice, StreamMode
from chalicelib.workflow import Execution, Workflow
from tests import control_plane
from tests.control_plane import STATE_MACHINE_ARN

NOW = 1_800_000_000.0
THIS = Execution("this", "arn:this", "SUCCEEDED", NOW - 100, NOW - 50)


@pytest.fixture
def sfn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    with control_plane.stubbed(monkeypatch, clients.stepfunctions) as stub:
        yield stub


@pytest.fixture
def workflow(sfn: Stubber) -> Workflow:  # noqa: ARG001
    return Workflow(clients.stepfunctions(), STATE_MACHINE_ARN)


def listed(name: str, begin: float, end: float | None = None) -> dict[str, Any]:
    """An execution that began and ended so many seconds ago."""
    item = {
        "executionArn": f"arn:{name}",
        "stateMachineArn": STATE_MACHINE_ARN,
        "name": name,
        "status": "RUNNING" if end is None else "SUCCEEDED",
        "startDate": datetime.fromtimestamp(NOW - begin, UTC),
    }
    return item if end is None else item | {"stopDate": datetime.fromtimestamp(NOW - end, UTC)}


def add_input(stub: Stubber, name: str, mode: str = "kept") -> None:
    answer = {
        "executionArn": f"arn:{name}",
        "stateMachineArn": STATE_MACHINE_ARN,
        "status": "RUNNING",
        "startDate": datetime.fromtimestamp(NOW, UTC),
        "input": json.dumps({"stream": {"mode": mode}}),
    }
    stub.add_response("describe_execution", answer, {"executionArn": f"arn:{name}"})


def add_list(stub: Stubber, *items: dict[str, Any], token: str | None = None) -> None:
    more = {"nextToken": token} if token else {}
    stub.add_response("list_executions", {"executions": list(items), **more})


def test_only_demos_that_overlap_in_time_share_a_stream(sfn: Stubber, workflow: Workflow) -> None:
    overlapping = {
        "still-runs": (60.0, None),
        "around": (120.0, 40.0),
        "within": (80.0, 60.0),
        "at-its-begin": (200.0, 99.0),
    }
    items = [listed(name, begin, end) for name, (begin, end) in overlapping.items()]
    add_list(sfn, *items, listed("this", 100, 50), listed("before", 200, 100), listed("later", 50))
    for name in ("still-runs", "within", "around", "at-its-begin"):  # newest first
        add_input(sfn, name)
    found = sharing.meanwhile(AS_IT_IS, THIS, NOW, workflow)
    assert set(found.demo_ids) == set(overlapping)
    assert found.complete


def test_an_input_is_asked_for_once(sfn: Stubber, workflow: Workflow) -> None:
    add_list(sfn, listed("own", 60), listed("kept", 60))
    add_input(sfn, "own", "fresh")
    add_input(sfn, "kept")
    add_list(sfn, listed("own", 60), listed("kept", 60))
    for _ in range(2):
        assert sharing.meanwhile(AS_IT_IS, THIS, NOW, workflow).demo_ids == ("kept",)


def test_a_demo_on_its_own_stream_asks_nobody(workflow: Workflow) -> None:
    fresh = StreamChoice(StreamMode.FRESH)
    assert sharing.meanwhile(fresh, THIS, NOW, workflow) == sharing.ALONE


@pytest.mark.parametrize(("ended", "complete"), [(100.0, True), (60.0, False)])
def test_a_list_that_goes_on_is_complete_if_the_rest_ended_before(
    sfn: Stubber, workflow: Workflow, ended: float, complete: bool
) -> None:
    add_list(sfn, listed("last", 200, ended), token="more")  # noqa: S106
    if not complete:
        add_input(sfn, "last")
    assert sharing.meanwhile(AS_IT_IS, THIS, NOW, workflow).complete is complete


def test_at_most_20_are_asked_about(sfn: Stubber, workflow: Workflow) -> None:
    add_list(sfn, *(listed(f"d{number}", 60) for number in range(30)))
    for number in range(20):
        add_input(sfn, f"d{number}")
    found = sharing.meanwhile(AS_IT_IS, THIS, NOW, workflow)
    assert (len(found.demo_ids), found.complete) == (20, False)
