"""The workflow under every kind of fault of ECS, Step Functions, Kinesis and CloudWatch.

What passes is retried and shows nowhere; what stays ends the demo, with the cause, and leaves
nothing behind once it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import psutil
import pytest

from local.summary import Summary
from tests.chaos.control import (
    ANSWER_LOST,
    CONTROLLER,
    DENIED,
    EXPIRED,
    FAILING,
    RESET,
    SILENT,
    SLOW,
    THROTTLED,
    Controlled,
    Trouble,
    assert_gone,
    ends_of,
    error,
    proofs,
    written_down,
)
from tests.chaos.control_demos import BETWEEN, End, Scenario, tried
from tests.chaos.proxy import Rule
from tests.e2e.demos import plan, wait_until

pytestmark = pytest.mark.long


def revision(number: int) -> str:
    """Of UpdateService: to the demo's so many-th task definition, which is that phase's."""
    return f"ends_with(taskDefinition, ':{number}')"


def revision_after(number: int) -> str:
    """Of UpdateService: to a later one than that phase's, be it a retry's."""
    return " && ".join(f"!ends_with(taskDefinition, ':{n}')" for n in range(1, number + 1))


def phase(number: int) -> str:
    """Of RegisterTaskDefinition: that phase's."""
    environment = "containerDefinitions[0].environment"
    return f"{environment}[?name=='DEMO_PHASE'].value | [0] == '{number}'"


def passing(
    operation: str, effect: Rule, times: int | None, only: str = "", *, fresh: bool = False
) -> Scenario:
    return Scenario(Trouble(operation, effect, times, only), End.MENDED, fresh=fresh)


def staying(
    operation: str,
    effect: Rule,
    *says: str,
    only: str = "",
    end: End = End.FAILED,
    fresh: bool = False,
) -> Scenario:
    return Scenario(Trouble(operation, effect, None, only), end, says, fresh)


AT_A_PHASE = [
    passing("RegisterTaskDefinition", THROTTLED, 1, phase(1)),
    passing("RegisterTaskDefinition", DENIED, 1, phase(4)),
    passing("RegisterTaskDefinition", ANSWER_LOST, 1, phase(2)),
    passing("DescribeTaskDefinition", RESET, 3),
    passing("CreateService", FAILING, 1),
    passing("CreateService", SILENT, 3),
    passing("UpdateService", RESET, 1, revision(2)),
    passing("UpdateService", THROTTLED, 3, revision(3)),
    passing("UpdateService", ANSWER_LOST, 1, revision(4)),
    passing("UpdateService", SLOW, 3),
    passing("DescribeServices", EXPIRED, 1),
    passing("DescribeExecution", THROTTLED, 3),
]
AT_THE_END = [
    passing("DeleteService", FAILING, 3),
    passing("DeleteService", ANSWER_LOST, 1),
    passing("DeregisterTaskDefinition", THROTTLED, 1),
    passing("DeregisterTaskDefinition", ANSWER_LOST, 1),
    passing("ListTaskDefinitions", RESET, 3),
    passing("PutMetricData", THROTTLED, None),
    passing("PutMetricData", RESET, None),
    passing("PutMetricData", SILENT, 2),
    passing("GetMetricData", DENIED, None),
    passing("CreateService", ANSWER_LOST, 1),
]
FOR_GOOD = [
    staying("RegisterTaskDefinition", DENIED, "RegisterTaskDefinition", "AccessDenied"),
    staying("RegisterTaskDefinition", THROTTLED, "RegisterTask", "Throttling", only=phase(2)),
    staying("RegisterTaskDefinition", EXPIRED, "RegisterTask", "ExpiredToken", only=phase(3)),
    staying("RegisterTaskDefinition", FAILING, "RegisterTask", "ServerException", only=phase(4)),
    staying("CreateService", DENIED, "CreateService", "AccessDenied"),
    staying("UpdateService", FAILING, "UpdateService", "ServerException"),
    staying("UpdateService", DENIED, "UpdateService", "AccessDenied", only=revision_after(2)),
    staying("UpdateService", RESET, "Connection was closed", only=revision_after(3)),
    staying("DescribeExecution", EXPIRED, "DescribeExecution", "ExpiredToken"),
    staying("DescribeServices", DENIED, "DescribeServices", "AccessDenied", end=End.BLOCKED),
    staying("DeleteService", DENIED, "DeleteService", "AccessDenied", end=End.BLOCKED),
    staying("ListTaskDefinitions", THROTTLED, "ListTask", "Throttling", end=End.BLOCKED),
    staying("DeregisterTaskDefinition", FAILING, "ServerException", end=End.BLOCKED),
]
ON_ITS_OWN_STREAM = [
    passing("CreateStream", error("LimitExceededException"), 1, fresh=True),
    passing("CreateStream", ANSWER_LOST, 1, fresh=True),
    passing("StartStreamEncryption", FAILING, 1, fresh=True),
    passing("DescribeStreamSummary", RESET, 3, fresh=True),
    passing("ListTasks", THROTTLED, 3, fresh=True),
    passing("DeleteStream", THROTTLED, 3, fresh=True),
    passing("DeleteStream", ANSWER_LOST, 1, fresh=True),
    staying("CreateStream", DENIED, "CreateStream", "AccessDenied", fresh=True),
    staying("DescribeStreamSummary", EXPIRED, "ExpiredToken", end=End.BLOCKED, fresh=True),
    staying("DeleteStream", DENIED, "DeleteStream", "AccessDenied", end=End.BLOCKED, fresh=True),
]


def assert_some_sent(summaries: Mapping[str, Summary]) -> None:
    """Most did, that is: on a busy machine a task may come to life after its short phase."""
    silent = [name for name, summary in summaries.items() if not summary.generated]
    assert len(silent) < len(summaries) / 2, silent


def test_what_passes_is_retried_and_nothing_is_lost(controlled: Controlled) -> None:
    assert_some_sent(tried(controlled, "passing", [*AT_A_PHASE, *AT_THE_END]))


def test_what_stays_ends_the_demo_with_its_cause_and_leaves_nothing(
    controlled: Controlled,
) -> None:
    assert_some_sent(tried(controlled, "staying", FOR_GOOD))


def test_a_stream_of_the_demos_own_is_made_and_deleted_under_faults(
    controlled: Controlled,
) -> None:
    tried(controlled, "stream", ON_ITS_OWN_STREAM, seconds=(1, 1, 1, 1))


def test_a_controller_killed_at_work_is_called_again(controlled: Controlled) -> None:
    platform, proxy, name = controlled.platform, controlled.proxy, "killed-controller"
    at_work = (
        Trouble("CreateService", SLOW, 1),
        Trouble("UpdateService", SLOW, 1, revision(3)),
        Trouble("DeleteService", SLOW, 1),
    )
    proxy.rules(*(trouble.rule(CONTROLLER, name) for trouble in at_work))
    platform.api.start({"name": name, **plan(seconds=(3, 3, 3, 3))})

    def has_fired(rule: int) -> bool:
        return proxy.fired_each()[rule] == 1

    for number, trouble in enumerate(at_work):
        wait_until(str(trouble), partial(has_fired, number))
        for function in psutil.Process(platform.stack.pid).children():
            function.kill()
    demos = ends_of(platform, [name])
    proxy.rules()
    ((summary, _),) = proofs(platform, demos).values()
    written_down(summary, "kill -9 of the controller at work", BETWEEN, len(at_work))
    assert (summary.status, summary.lost, summary.failed) == ("SUCCEEDED", 0, 0)
    assert_gone(platform, [name])
