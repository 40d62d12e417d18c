"""A demo's own stream under the controller: made, given to the tasks, taken away. AWS is moto's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import controller, demos
from chalicelib.errors import DemoStopped, InvalidPlan, StreamTaken
from chalicelib.services import Services
from chalicelib.stream import Streams
from tests import control_plane
from tests.control_plane import STATE_MACHINE, STATE_MACHINE_ARN, client, environment, service

FRESH = {"stream": {"mode": "fresh"}, "warm_throughput_mibps": None}


@pytest.fixture
def services(aws: None) -> Services:  # noqa: ARG001
    """At the time by which moto dates its streams; nothing sleeps."""
    return Services(os.environ, sleep=lambda _: None)


@pytest.fixture
def workflow(aws: None) -> Callable[[str], dict[str, Any]]:  # noqa: ARG001
    """Starts an execution; returns what the workflow would say of it."""
    client("stepfunctions").create_state_machine(
        name=STATE_MACHINE, definition="{}", roleArn="arn:aws:iam::123456789012:role/states"
    )

    def started(name: str) -> dict[str, Any]:
        answer = client("stepfunctions").start_execution(
            stateMachineArn=STATE_MACHINE_ARN, name=name, input="{}"
        )
        return {
            "name": name,
            "arn": answer["executionArn"],
            "started_at": answer["startDate"].isoformat(),
        }

    return started


def streams() -> list[str]:
    names = client("kinesis").list_streams()["StreamNames"]
    return sorted(name for name in names if name != control_plane.STREAM)


def initialize(services: Services, config: dict[str, Any], **event: Any) -> dict[str, Any]:
    return controller.handle(
        {"operation": "initialize_demo", "demo_config": config, **event}, services
    )


def start_phase_1(services: Services, state: dict[str, Any], **event: Any) -> dict[str, Any]:
    order = {"operation": "start_phase", "phase_number": 1, "demo_state": state, **event}
    return controller.handle(order, services)


def named(name: str) -> dict[str, Any]:
    return {"execution": {"name": name}}


def test_a_fresh_stream_is_made_encrypted_and_given_to_the_tasks(services: Services) -> None:
    state = initialize(services, FRESH, **named("own"))
    assert state["stream"] == {"mode": "fresh"}
    assert streams() == ["kinesis-demo-test-demo-own"]
    (made,) = [
        client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        for name in streams()
    ]
    assert made["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
    assert (made["EncryptionType"], made["KeyId"]) == ("KMS", "alias/aws/kinesis")
    start_phase_1(services, state, **named("own"))
    assert environment("own")["STREAM_NAME"] == "kinesis-demo-test-demo-own"


def test_the_stacks_stream_is_neither_made_nor_named_again(services: Services) -> None:
    state = initialize(services, {}, **named("kept"))
    assert (state["stream"], state["warm_throughput_mibps"]) == ({"mode": "kept"}, None)
    start_phase_1(services, state, **named("kept"))
    assert streams() == []
    assert environment("kept")["STREAM_NAME"] == control_plane.STREAM


def test_a_stack_without_a_stream_starts_no_demo_on_it(aws: None) -> None:  # noqa: ARG001
    without = Services({**os.environ, "KEPT_STREAM": "no"}, sleep=lambda _: None)
    with pytest.raises(InvalidPlan, match="KeptStream=no"):
        initialize(without, {})


def test_warmth_is_for_the_stream_that_was_chosen(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(Streams, "warm", lambda _, *given: asked.append(given))
    monkeypatch.setattr(Streams, "make", lambda _, *given, **__: asked.append(given[:2]))
    initialize(services, {"warm_throughput_mibps": 50}, **named("a"))
    initialize(services, FRESH | {"warm_throughput_mibps": 60}, **named("b"))
    assert asked == [(control_plane.STREAM, 50), ("kinesis-demo-test-demo-b", 60)]


def test_initializing_again_takes_the_stream_that_is_there(services: Services) -> None:
    for _ in range(2):
        initialize(services, FRESH, **named("twice"))
    assert streams() == ["kinesis-demo-test-demo-twice"]


def test_a_phase_that_is_redriven_after_a_cleanup_gets_a_stream_again(services: Services) -> None:
    state = initialize(services, FRESH, **named("redriven"))
    failed = {"operation": "handle_failure", "execution_input": {"demo_state": state}}
    controller.handle(failed | named("redriven"), services)
    assert streams() == []
    start_phase_1(services, state, **named("redriven"))
    assert streams() == ["kinesis-demo-test-demo-redriven"]


@pytest.mark.parametrize("operation", ["cleanup_demo", "handle_failure"])
def test_the_stream_goes_with_its_demo_and_no_other(services: Services, operation: str) -> None:
    for name in ("a", "a-b"):
        state = initialize(services, FRESH, **named(name))
        start_phase_1(services, state, **named(name))
    state |= {"demo_id": "a"}
    whole = {"demo_state": state, "execution_input": {"demo_state": state}}
    event = {"operation": operation, **whole, **named("a")}
    for _ in range(2):
        controller.handle(event, services)
        assert streams() == ["kinesis-demo-test-demo-a-b"]
    assert service("a-b")["status"] == "ACTIVE"


def test_a_failure_before_there_is_a_demo_state_takes_the_stream_away_too(
    services: Services,
) -> None:
    initialize(services, FRESH, **named("early"))
    event = {"operation": "handle_failure", "execution_input": FRESH, **named("early")}
    controller.handle(event, services)
    assert streams() == []


@pytest.mark.usefixtures("aws")
def test_a_stream_that_was_there_before_is_neither_used_nor_deleted() -> None:
    client("kinesis").create_stream(StreamName="kinesis-demo-test-demo-old", ShardCount=1)
    later = Services(os.environ, clock=lambda: time.time() + 3_600, sleep=lambda _: None)
    with pytest.raises(StreamTaken):
        initialize(later, FRESH, **named("old"))
    failed = {"operation": "handle_failure", "execution_input": FRESH}
    controller.handle(failed | named("old"), later)
    assert streams() == ["kinesis-demo-test-demo-old"]


@pytest.mark.parametrize("operation", ["cleanup_demo", "handle_failure", "DELETE"])
def test_a_demo_on_the_stacks_stream_has_none_that_could_be_deleted(
    services: Services, workflow: Callable[[str], dict[str, Any]], operation: str
) -> None:
    execution = workflow("kept")
    state = initialize(services, {}, execution=execution)
    client("kinesis").create_stream(StreamName="kinesis-demo-test-demo-kept", ShardCount=1)
    if operation == "DELETE":
        demos.stop("kept", services)
    else:
        whole = {"demo_state": state, "execution_input": {"demo_state": state}}
        controller.handle({"operation": operation, "execution": execution, **whole}, services)
    assert streams() == ["kinesis-demo-test-demo-kept"]


def test_a_name_that_kinesis_would_not_take_is_refused(
    aws: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TASK_DEFINITION_FAMILY", f"kinesis-demo-{'s' * 60}-worker")
    with pytest.raises(InvalidPlan, match="name the demo with at most"):
        initialize(Services(os.environ), FRESH, **named("n" * 80))


@pytest.mark.parametrize("config", [{"phases": [{"target_tps": 2, "duration_seconds": 9}] * 4}])
def test_an_execution_started_by_hand_keeps_to_the_budget(
    aws: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    config: dict[str, Any],
) -> None:
    monkeypatch.setenv("MAX_TPS", "1")
    monkeypatch.setenv("MAX_DURATION_SECONDS", "35")
    with pytest.raises(InvalidPlan) as caught:
        initialize(Services(os.environ), config)
    assert {problem.field for problem in caught.value.problems} == {
        "phases",
        *(f"phases[{index}].target_tps" for index in range(4)),
    }


def test_a_demo_that_is_stopped_while_its_stream_is_made_leaves_none(
    services: Services,
    workflow: Callable[[str], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    execution = workflow("late")
    make = Streams._make

    def stopped_meanwhile(streams: Streams, *arguments: Any) -> None:
        client("stepfunctions").stop_execution(executionArn=execution["arn"])
        make(streams, *arguments)

    monkeypatch.setattr(Streams, "_make", stopped_meanwhile)
    with pytest.raises(DemoStopped):
        initialize(services, FRESH, execution=execution)
    assert streams() == []


def test_a_demo_that_was_stopped_before_makes_no_stream(
    services: Services, workflow: Callable[[str], dict[str, Any]]
) -> None:
    execution = workflow("gone")
    client("stepfunctions").stop_execution(executionArn=execution["arn"])
    with pytest.raises(DemoStopped):
        initialize(services, FRESH, execution=execution)
    assert streams() == []
