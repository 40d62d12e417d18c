"""The roles against the calls that are really made, both ways.

A stack whose Lambdas and tasks note every AWS call runs whole demos; what the notes say is then
held against the policies as they are deployed. (MiniStack could enforce them itself, but takes the
cluster for the resource of every ECS call, where AWS takes the service.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.stack import REGION, EmbeddedStack
from tests.e2e.demos import plan, wait_until
from tests.e2e.recording import Cloud, noting, tasks_running, without_the_event
from tests.permissions import Account, Call, Grant, Statement, calls_of, denied, unused

ROLES = ("ApiRole", "ControllerRole", "TaskRole", "ExecutionRole", "StateMachineRole")
SHORT = plan(tps=(20, 40, 40, 20), seconds=(2, 2, 2, 2), tasks=(1, 2, 1, 1))
LONG = plan(tps=(20, 40, 40, 20), seconds=(600, 2, 2, 2))

SELDOM = {
    Grant("ApiRole", "ecs:DescribeTaskDefinition", "*"): (
        "whether a revision that can't be deregistered has been already, by another cleanup"
    ),
}
"""Calls that a demo makes only when two cleanups meet; tests/unit/test_controller_fleet.py does."""


@dataclass(frozen=True)
class Recording:
    """What was called, and what is allowed, by role."""

    calls: frozenset[Call]
    policies: dict[str, list[Statement]]


def run_demos(cloud: Cloud) -> None:
    """Demos to their end, stopped and aborted, on the kept and on fresh streams, at once."""
    fresh = {"stream": {"mode": "fresh"}}
    whole = cloud.start(name="whole", **SHORT)
    whole_fresh = cloud.start(name="own-stream", **SHORT, **fresh)
    stopped = cloud.start(name="stopped", **LONG)
    given_up, aborted = (
        cloud.start(name=name, **LONG, **fresh) for name in ("given-up", "aborted")
    )
    for demo_id in (stopped, given_up, aborted):
        cloud.in_first_phase(demo_id)
    with without_the_event(cloud):
        assert cloud.call("DELETE", f"/demo/{stopped}")[0] == 202
        assert cloud.call("DELETE", f"/demo/{given_up}")[0] == 202
        cloud.wait_for(stopped, "ABORTED")
        cloud.wait_for(given_up, "ABORTED")
    assert cloud.call("GET", "/demo")[0] == 200
    for demo_id in (whole, whole_fresh):
        cloud.wait_for(demo_id, "SUCCEEDED")
    wait_until("the workers' metrics", lambda: cloud.noted("PutMetricData", by_a_task=True))
    warm(cloud)
    sfn = cloud.client("stepfunctions")
    sfn.stop_execution(executionArn=cloud.demo(aborted)["executionArn"])
    kept = cloud.stack.outputs["StreamName"]
    streams = cloud.client("kinesis")
    wait_until("no other stream", lambda: streams.list_streams()["StreamNames"] == [kept])


def warm(cloud: Cloud) -> None:
    """Warm throughput, which the stack only refuses: by the API, and by hand."""
    cloud.call("POST", "/demo", {**SHORT, "name": "warm", "warm_throughput_mibps": 1})
    sfn = cloud.client("stepfunctions")
    started = sfn.start_execution(
        stateMachineArn=cloud.stack.outputs["StateMachineArn"],
        name="warm-by-hand",
        input=json.dumps({**SHORT, "warm_throughput_mibps": 1}),
    )
    wait_until("the kept stream is warmed", lambda: cloud.noted("UpdateStreamWarmThroughput"))
    sfn.stop_execution(executionArn=started["executionArn"])


def noted_calls(cloud: Cloud, account: Account) -> Iterator[Call]:
    for note in cloud.notes():
        function = note["function"]
        if function is None:
            role = "TaskRole"
        else:
            role = "ControllerRole" if function.endswith("-controller") else "ApiRole"
        yield from calls_of(role, note["service"], note["operation"], note["parameters"], account)


def calls_of_aws_itself(cloud: Cloud, account: Account) -> Iterator[Call]:
    """What services do in the roles' names, which no process of ours can note."""
    outputs = cloud.stack.outputs
    stack = outputs["ClusterName"]
    groups = {
        "ApiRole": f"/aws/lambda/{stack}",
        "ControllerRole": f"/aws/lambda/{stack}-controller",
        "ExecutionRole": outputs["LogGroupName"],
    }
    for role, group in groups.items():
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            yield Call(role, action, account.arn("logs", f"log-group:{group}:log-stream:x"))
    # ECS pulls the image (ECS developer guide, "Task execution IAM role").
    repository = outputs["WorkerImage"].partition("/")[2].rpartition(":")[0]
    yield Call("ExecutionRole", "ecr:GetAuthorizationToken", "*")
    for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
        resource = account.arn("ecr", f"repository/{repository}")
        yield Call("ExecutionRole", f"ecr:{action}", resource)
    # Step Functions calls what the states name, logs and traces (its developer guide, "Using
    # CloudWatch Logs to log execution history", "X-Ray and Step Functions").
    machine = cloud.client("stepfunctions").describe_state_machine(
        stateMachineArn=outputs["StateMachineArn"]
    )
    for state in json.loads(machine["definition"])["States"].values():
        if state["Type"] == "Task":
            function = state["Parameters"]["FunctionName"]
            yield Call("StateMachineRole", "lambda:InvokeFunction", function)
    for action in (
        *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery"),
        *("logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy"),
        *("logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
        *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        *("xray:GetSamplingRules", "xray:GetSamplingTargets"),
    ):
        yield Call("StateMachineRole", action, "*")


def deployed_policies(cloud: Cloud) -> dict[str, list[Statement]]:
    """The statements of every role, with the real ARNs in them."""
    iam, cloudformation = cloud.client("iam"), cloud.client("cloudformation")
    resources = cloudformation.describe_stack_resources(
        StackName=cloud.stack.outputs["ClusterName"]
    )
    physical = {
        r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources["StackResources"]
    }
    return {
        role: [
            statement
            for policy in iam.list_role_policies(RoleName=physical[role])["PolicyNames"]
            for statement in iam.get_role_policy(RoleName=physical[role], PolicyName=policy)[
                "PolicyDocument"
            ]["Statement"]
        ]
        for role in ROLES
    }


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    record = tmp_path_factory.mktemp("record") / "calls.jsonl"
    record.touch()
    with EmbeddedStack(tmp_path_factory.mktemp("stack"), noting(record)) as stack:
        yield Cloud(stack, stack.deploy(aggregation="on"), record)


@pytest.fixture(scope="module")
def recording(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    with tasks_running(cloud, tmp_path_factory.mktemp("tasks")):
        run_demos(cloud)
    account = Account(REGION, cloud.stack.outputs["StateMachineArn"].split(":")[4])
    calls = {*noted_calls(cloud, account), *calls_of_aws_itself(cloud, account)}
    return Recording(frozenset(calls), deployed_policies(cloud))


def test_every_call_is_allowed(recording: Recording) -> None:
    assert denied(recording.policies, recording.calls) == set()


def test_nothing_is_allowed_that_is_not_called(recording: Recording) -> None:
    assert unused(recording.policies, recording.calls) - SELDOM.keys() == set()


def test_all_three_programs_were_heard(recording: Recording) -> None:
    heard = {(call.role, call.action) for call in recording.calls}
    assert {
        ("ApiRole", "states:StartExecution"),
        ("ControllerRole", "ecs:CreateService"),
        ("TaskRole", "kinesis:PutRecords"),
        ("TaskRole", "kinesis:ListShards"),
        ("TaskRole", "cloudwatch:PutMetricData"),
    } <= heard
