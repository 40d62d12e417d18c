"""The API while a service that it depends on fails: an answer that names it, never a bare 500."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.chaos.control import ANSWER_LOST, API, IDLE_TPS, SILENT, Controlled, Trouble, assert_gone
from tests.chaos.control_answers import (
    LISTING,
    Expected,
    dry_run_of,
    each_refused,
    look_at,
    no_event,
    numbers_of,
    refused,
    start_of,
    stop_of,
)
from tests.e2e.demos import ended, in_phase, left_of, own_stream, plan

pytestmark = pytest.mark.long

IDLE = plan(tps=(IDLE_TPS,) * 4, seconds=(60, 1, 1, 1))
FRESH = {**IDLE, "stream": {"mode": "fresh"}}
GATEWAY_SECONDS = 29.0
"""API Gateway gives up then (its integration time-out)."""


@pytest.fixture(scope="module")
def over(controlled: Controlled) -> str:
    """A demo that has ended."""
    demo_id: str = controlled.platform.api.start(plan(seconds=(1, 1, 1, 1)))["demoId"]
    ended(controlled.platform, demo_id)
    return demo_id


@pytest.fixture
def running(controlled: Controlled) -> Iterator[str]:
    """A demo with a stream of its own, in its first phase; no event cleans up after it."""
    with no_event(controlled.platform):
        demo_id: str = controlled.platform.api.start(FRESH)["demoId"]
        in_phase(controlled.platform, demo_id, 1)
        yield demo_id
        assert controlled.platform.api.ask("DELETE", f"/demo/{demo_id}").status == 202


def test_a_start(controlled: Controlled) -> None:
    each_refused(controlled, start_of(IDLE), (0, 1), rotating=True)
    each_refused(controlled, dry_run_of(IDLE), (0, 1), rotating=True)
    running = controlled.platform.stepfunctions.list_executions(
        stateMachineArn=controlled.platform.output("StateMachineArn"), statusFilter="RUNNING"
    )
    assert running["executions"] == []


def test_a_look_the_numbers_and_a_listing(controlled: Controlled, over: str) -> None:
    each_refused(controlled, look_at(over), (0, 1), rotating=True)
    each_refused(controlled, numbers_of(over), (0, 1), rotating=True)
    each_refused(controlled, LISTING, range(5))
    assert look_at(over).send(controlled.platform).status == 200


def test_a_stop_that_fails_half_way_is_completed_by_the_next(
    controlled: Controlled, running: str
) -> None:
    stop = stop_of(running, fresh=True)
    each_refused(controlled, stop, (0, 1), rotating=True)
    assert own_stream(running) in left_of(controlled.platform, running)
    assert stop.send(controlled.platform).status == 202
    assert_gone(controlled.platform, [running])


def test_a_service_that_is_silent_is_named_before_the_gateway_gives_up(
    controlled: Controlled, over: str
) -> None:
    began = time.monotonic()
    silent = Expected(503, "AwsUnavailable", "AWS can't be reached (Read timeout")
    refused(controlled, look_at(over), "DescribeServices", SILENT, silent)
    assert time.monotonic() - began < GATEWAY_SECONDS


def test_a_start_whose_answer_is_lost_names_the_demo_that_runs(controlled: Controlled) -> None:
    platform, body = controlled.platform, {**IDLE, "name": "answer-lost"}
    controlled.proxy.rules(Trouble("StartExecution", ANSWER_LOST).rule(API))
    try:
        answer = platform.api.ask("POST", "/demo", body)
    finally:
        controlled.proxy.rules()
    try:
        assert (answer.status, answer.body["error"]) == (503, "AwsUnavailable")
        assert "GET /demo/answer-lost tells whether the demo has started" in answer.body["message"]
        assert platform.api.get("answer-lost")["status"] == "RUNNING"
    finally:
        platform.api.stop("answer-lost")
    assert_gone(platform, ["answer-lost"])


def test_a_start_whose_answer_is_lost_once_is_sent_again_and_is_no_conflict(
    controlled: Controlled,
) -> None:
    platform, body = controlled.platform, {**IDLE, "name": "answer-lost-once"}
    controlled.proxy.rules(Trouble("StartExecution", ANSWER_LOST, 1).rule(API))
    try:
        answer = platform.api.ask("POST", "/demo", body)
        fired = controlled.proxy.fired()
    finally:
        controlled.proxy.rules()
        platform.api.stop("answer-lost-once")
    assert (fired, answer.status, answer.body["status"]) == (1, 201, "RUNNING")
    assert_gone(platform, ["answer-lost-once"])
