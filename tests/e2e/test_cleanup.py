"""However a workflow ends, nothing of its demo is left: by the EventBridge rule, else by the clock.

The rule is the template's. Where there is none, one is put in its place that does the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from local.platform import LocalPlatform
from tests.control_plane import status_change
from tests.e2e.broken import broken_from_phase_2
from tests.e2e.demos import (
    client,
    ended,
    in_phase,
    left_of,
    own_stream,
    plan,
    pools,
    posts,
    proof,
    wait_until,
    wait_until_streaming,
)

CONTROLLER = "kinesis-demo-local-controller"
SOURCE = "test.states"
"""AWS takes events of the source aws.states from nobody but itself."""
LAST_MS = 40_000
"""A worker drains for up to 25 s; by then it is killed."""
LONG = {**plan(seconds=(2, 60, 2, 2)), "stream": {"mode": "fresh"}}


@pytest.fixture
def rule(platform: LocalPlatform) -> Iterator[str]:
    """The name of the rule that tells the controller of bad ends."""
    events = client(platform, "events")
    target = client(platform, "lambda").get_function(FunctionName=CONTROLLER)
    arn = target["Configuration"]["FunctionArn"]
    if found := events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]:
        yield found[0]
        return
    name = "clean-up-of-the-test"
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [platform.output("StateMachineArn")],
            "status": ["ABORTED", "FAILED", "TIMED_OUT"],
        },
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "controller", "Arn": arn}])
    yield name
    events.remove_targets(Rule=name, Ids=["controller"])
    events.delete_rule(Name=name)


@contextmanager
def off(platform: LocalPlatform, rule: str) -> Iterator[None]:
    """EventBridge loses an event now and then: delivery is best effort."""
    events = client(platform, "events")
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


def send(platform: LocalPlatform, rule: str, event: dict[str, Any]) -> None:
    """Sends an event to the rule as AWS would, from a source that the rule is made to take."""
    events = client(platform, "events")
    described = events.describe_rule(Name=rule)
    pattern = json.loads(described["EventPattern"])
    widened = {**pattern, "source": [*pattern["source"], SOURCE]}
    events.put_rule(Name=rule, EventPattern=json.dumps(widened))
    entry = {
        "Source": SOURCE,
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"],
    }
    try:
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    finally:
        events.put_rule(Name=rule, EventPattern=described["EventPattern"])


def under_way(platform: LocalPlatform, body: dict[str, Any], phase: int = 2) -> dict[str, Any]:
    """A demo whose tasks run and whose stream, if it has one of its own, is there."""
    started = platform.api.start(body)
    in_phase(platform, started["demoId"], phase)
    if "stream" in body:
        assert own_stream(started["demoId"]) in left_of(platform, started["demoId"])
    return started


def soon_failing(platform: LocalPlatform) -> str:
    """A demo, of what broken_from_phase_2 makes, whose own stream has been there."""
    body = {**plan(seconds=(8, 1, 1, 1)), "stream": {"mode": "fresh"}}
    demo_id: str = platform.api.start(body)["demoId"]
    wait_until_streaming(platform, demo_id)
    return demo_id


def stop_from_outside(platform: LocalPlatform, started: dict[str, Any]) -> None:
    platform.stepfunctions.stop_execution(executionArn=started["executionArn"], error="Outside")


def assert_soon_gone(platform: LocalPlatform, demo_id: str) -> None:
    wait_until(f"{demo_id} to be gone", lambda: not left_of(platform, demo_id))


def test_an_execution_aborted_from_outside_leaves_nothing(
    platform: LocalPlatform,
    rule: str,  # noqa: ARG001
) -> None:
    started = under_way(platform, LONG)
    other = under_way(platform, plan(seconds=(1, 60, 1, 1)))
    stop_from_outside(platform, started)
    assert_soon_gone(platform, started["demoId"])
    assert platform.api.get(started["demoId"])["status"] == "ABORTED"
    assert pools(other["demoId"])
    platform.api.stop(other["demoId"])
    assert_soon_gone(platform, other["demoId"])


def test_a_failed_execution_whose_own_cleanup_failed_too_leaves_nothing(
    platform: LocalPlatform,
    rule: str,  # noqa: ARG001
) -> None:
    with broken_from_phase_2(platform):
        demo_id = soon_failing(platform)
    demo = ended(platform, demo_id)
    assert (demo["status"], "broken on purpose" in demo["cause"]) == ("FAILED", True)
    assert_soon_gone(platform, demo_id)


def test_a_failed_execution_cleans_up_by_itself(platform: LocalPlatform, rule: str) -> None:
    with off(platform, rule):
        with broken_from_phase_2(platform, "StartPhase2"):
            demo_id = soon_failing(platform)
        assert ended(platform, demo_id)["status"] == "FAILED"
        assert_soon_gone(platform, demo_id)


def test_a_timed_out_execution_leaves_nothing(platform: LocalPlatform, rule: str) -> None:
    with off(platform, rule):
        started = under_way(platform, LONG)
        stop_from_outside(platform, started)
        assert left_of(platform, started["demoId"])
    machine = platform.output("StateMachineArn")
    event = status_change(started["demoId"], "TIMED_OUT", machine, LONG)
    began = datetime.fromisoformat(started["startDate"]).timestamp()
    event["detail"]["startDate"] = round(began * 1_000)
    for _ in range(2):  # EventBridge delivers at least once
        send(platform, rule, event)
    assert_soon_gone(platform, started["demoId"])


def test_where_the_rule_does_not_fire_the_workers_end_by_their_own_clocks(
    platform: LocalPlatform, rule: str
) -> None:
    with off(platform, rule):
        started = under_way(platform, plan(seconds=(1, 1, 10, 1)), phase=3)
        demo_id = started["demoId"]
        ends_at = platform.api.get(demo_id)["phases"][2]["ends_at"]
        stop_from_outside(platform, started)
        wait_until("the workers' own end", lambda: not pools(demo_id))
    ends_ms = datetime.fromisoformat(ends_at).timestamp() * 1_000
    assert time.time() * 1_000 >= ends_ms
    last_ms = max(post.arrived_ms for post in posts(platform, demo_id))
    assert ends_ms - 1_000 <= last_ms <= ends_ms + LAST_MS
    assert platform.api.get(demo_id)["error"] == "Outside"
    platform.api.stop(demo_id)
    assert_soon_gone(platform, demo_id)
    assert proof(platform, demo_id).lost == 0
