"""What is left of a demo is waited for no longer than an invocation may last. AWS is moto's."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib import cleanup, controller
from chalicelib.cleanup import Remains
from chalicelib.errors import StreamNotReady
from chalicelib.fleet import Fleet
from chalicelib.services import Services
from chalicelib.stream import READY_SECONDS, Streams
from tests.unit.test_controller_stream import FRESH, initialize, named, streams

ROOT = Path(__file__).resolve().parents[2]


class Clock:
    """Time passes only in sleep."""

    def __init__(self) -> None:
        self.now = time.time()

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("drained_after", "waited"), [(0, 0), (10, 10), (1_000, 45)])
def test_the_stream_stays_until_its_tasks_have_drained_or_were_killed(
    aws: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    drained_after: float,
    waited: float,
) -> None:
    clock = Clock()
    slow = Services(os.environ, clock=lambda: clock.now, sleep=clock.sleep)
    initialize(slow, FRESH, **named("slow"))
    began = clock.now
    monkeypatch.setattr(Fleet, "has_tasks", lambda *_: clock.now < began + drained_after)
    remains = Remains("slow", began, fresh_stream=True)
    assert cleanup.take_away(remains, slow, began + cleanup.SECONDS)
    assert clock.now - began == pytest.approx(waited, abs=2)
    assert streams() == []


def test_what_the_tasks_leave_of_the_time_is_for_a_stream_that_is_being_made(
    aws: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    slow = Services(os.environ, clock=lambda: clock.now, sleep=clock.sleep)
    began = clock.now
    ready_at = began + 50
    monkeypatch.setattr(Streams, "_found", lambda *_: summary(clock.now >= ready_at, began))
    monkeypatch.setattr(Streams, "_deleted", lambda *_: True)
    failed = {"operation": "handle_failure", "execution_input": FRESH, **named("early")}
    controller.handle(failed, slow)
    assert 50 <= clock.now - began <= cleanup.SECONDS
    ready_at = clock.now + 100
    with pytest.raises(StreamNotReady):
        controller.handle(failed, slow)


def summary(ready: bool, made: float) -> dict[str, Any]:
    """What Kinesis says of a stream, as far as its removal looks at it."""
    return {
        "StreamStatus": "ACTIVE" if ready else "CREATING",
        "StreamCreationTimestamp": datetime.fromtimestamp(made, UTC),
    }


def test_an_invocation_waits_no_longer_than_it_may_last() -> None:
    config = json.loads((ROOT / "api/.chalice/config.json").read_text())
    for longest in (cleanup.SECONDS, READY_SECONDS):
        assert longest < config["lambda_timeout"] - 3


def test_delete_does_not_wait_for_tasks_that_drain(
    aws: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = Services(os.environ, sleep=lambda _: None)
    initialize(services, FRESH, **named("drains"))
    draining = True
    monkeypatch.setattr(Fleet, "has_tasks", lambda *_: draining)
    remains = Remains("drains", time.time(), fresh_stream=True)
    cleanup.take_away_at_once(remains, services)
    assert streams() == ["kinesis-demo-test-demo-drains"]
    draining = False
    cleanup.take_away_at_once(remains, services)
    assert streams() == []
