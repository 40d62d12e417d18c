"""deploy.sh destroy: nothing is left, in any order, with demos running, without records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from local.stack import EmbeddedStack
from tests.clients import client_of
from tests.e2e.demos import plan, wait_until
from tests.e2e.deployments import call, deploy_sh, present, url_in

STAGE = ("--stage", "gone")
STACK = "kinesis-demo-gone"
DEPLOYED = {"stacks", "streams", "clusters", "definitions", "repositories", "functions", "apis"}
DEPLOYED |= {"roles", "log groups", "state machines", "networks", "security groups"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_before_and_nothing_after(stack: EmbeddedStack) -> Iterator[None]:
    assert present(stack) == {}
    yield
    assert present(stack) == {}


def run(stack: EmbeddedStack, build: Path, *arguments: str) -> str:
    done = deploy_sh(stack, build, *arguments, *STAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_deployed_and_destroyed_twice_each_in_any_order_nothing_is_left(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    build = tmp_path / "build"
    assert "nothing to destroy" in run(stack, build, "destroy")
    url = url_in(run(stack, build, "deploy"))
    assert url_in(run(stack, build)) == url
    assert call(stack, f"{url}/demo")[0] == 200
    assert present(stack).keys() >= DEPLOYED
    last = run(stack, build, "destroy").splitlines()[-1]
    assert f"nothing of {STACK} is left" in last
    assert "metrics, which CloudWatch can't delete" in last
    assert present(stack) == {}
    assert not (build / "gone/api").exists()
    assert "nothing to destroy" in run(stack, build, "destroy")
    assert call(stack, f"{url_in(run(stack, build))}/demo")[0] == 200
    rmtree(build)  # what is deployed is found without any record of it
    run(stack, tmp_path / "elsewhere", "destroy")


def leave_demos_behind(stack: EmbeddedStack) -> None:
    """What a demo that was cut short leaves: service, revisions, a stream of its own."""
    ecs = client_of(stack, "ecs")
    base = ecs.describe_task_definition(taskDefinition=f"{STACK}-worker")["taskDefinition"]
    family = f"{STACK}-demo-cut-short"
    for _ in range(2):
        ecs.register_task_definition(
            family=family, containerDefinitions=base["containerDefinitions"]
        )
    ecs.deregister_task_definition(taskDefinition=f"{family}:1")
    ecs.create_service(
        cluster=STACK, serviceName="demo-cut-short", taskDefinition=family, desiredCount=2
    )
    kinesis = client_of(stack, "kinesis")
    kinesis.create_stream(
        StreamName=f"{STACK}-demo-cut-short", StreamModeDetails={"StreamMode": "ON_DEMAND"}
    )


def start_demos(stack: EmbeddedStack, url: str) -> list[str]:
    seconds = (60, 60, 60, 60)
    names = ["first", "second"]
    for name, mode in zip(names, ("kept", "fresh"), strict=True):
        body = {"name": name, "stream": {"mode": mode}, **plan(seconds=seconds)}
        status, answer = call(stack, f"{url}/demo", "POST", body)
        assert status == 201, answer
    ecs = client_of(stack, "ecs")
    wait_until(
        "the demos' services",
        lambda: len(ecs.list_services(cluster=STACK)["serviceArns"]) == len(names),
    )
    return names


def executions(stack: EmbeddedStack) -> list[dict[str, Any]]:
    states = client_of(stack, "stepfunctions")
    (machine,) = states.list_state_machines()["stateMachines"]
    listed: list[dict[str, Any]] = states.list_executions(
        stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
    )["executions"]
    return listed


def test_running_demos_and_what_others_left_go_first(stack: EmbeddedStack, tmp_path: Path) -> None:
    build = tmp_path / "build"
    names = start_demos(stack, url_in(run(stack, build)))
    assert f"{STACK}-demo-second" in client_of(stack, "kinesis").list_streams()["StreamNames"]
    leave_demos_behind(stack)
    shown = deploy_sh(stack, build, "status", *STAGE)
    assert shown.returncode == 1
    assert "  first: phase 1\n" in shown.stdout
    assert "demos      2 running\n" in shown.stdout
    for leftover in (
        "ECS service demo-cut-short",
        f"ECS task definition {STACK}-demo-cut-short:2",
        f"Kinesis stream {STACK}-demo-cut-short",
    ):
        assert f"  {leftover}\n" in shown.stdout
    assert "left 3 things" in shown.stderr
    foretold = run(stack, build, "destroy", "--dry-run")
    assert f"  Kinesis stream {STACK}-demo-cut-short\n" in foretold
    assert len(executions(stack)) == len(names)
    said = run(stack, build, "destroy").splitlines()
    assert said.index("demo first: stopped") < said.index("== API and controller")
    assert f"stream {STACK}-demo-cut-short: deleted" in said


def test_another_stage_and_what_others_made_are_left_alone(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    build = tmp_path / "build"
    other = ("--stage", "gone-too")
    theirs = deploy_sh(stack, build, *other)
    run(stack, build)
    logs = client_of(stack, "logs")
    consumer = f"/aws/lambda/{STACK}-my-consumer"
    logs.create_log_group(logGroupName=consumer)
    logs.create_log_group(logGroupName=f"/aws/ecs/containerinsights/{STACK}/performance")
    run(stack, build, "destroy")
    assert call(stack, f"{url_in(theirs.stdout)}/demo")[0] == 200
    assert deploy_sh(stack, build, "status", *other).returncode == 0
    left = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    assert consumer in left
    assert not [name for name in left if name.endswith("performance")]
    logs.delete_log_group(logGroupName=consumer)
    assert deploy_sh(stack, build, "destroy", *other).returncode == 0


def test_what_cannot_be_removed_is_listed_and_the_exit_code_says_so(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    iam = client_of(stack, "iam")
    role = f"{STACK}-by-hand"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    done = deploy_sh(stack, tmp_path / "build", "destroy", *STAGE)
    assert done.returncode == 1
    assert f"  IAM role {role}\n" in done.stderr
    assert "nothing of" not in done.stdout
    iam.delete_role(RoleName=role)
    assert "nothing to destroy" in run(stack, tmp_path / "build", "destroy")


def test_status_of_what_is_not_there_is_an_exit_code_of_its_own(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    assert deploy_sh(stack, tmp_path, "status", *STAGE).returncode == 3


def test_a_stack_of_somebody_else_is_neither_destroyed_nor_shown_as_ours(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    cloudformation = client_of(stack, "cloudformation")
    theirs = {
        "Description": "Theirs",
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}},
    }
    name = "kinesis-demo-theirs"
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(theirs))
    for command in ("destroy", "status"):
        refused = deploy_sh(stack, tmp_path / "build", command, "--stage", "theirs")
        assert refused.returncode == 1
        assert "isn't this demo's" in refused.stderr
    status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    assert status == "CREATE_COMPLETE"
    cloudformation.delete_stack(StackName=name)
