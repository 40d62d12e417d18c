"""What is missing or in the way is named in a line, before anything is changed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import EmbeddedStack
from tests.clients import client_of
from tests.e2e.deployments import deploy_sh, listing


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


def refused(stack: EmbeddedStack, *arguments: str) -> str:
    """deploy.sh's one complaint; fails if it changed anything, or said anything else."""
    before = listing(stack)
    done = deploy_sh(stack, Path("/nowhere/to/be/written"), *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert listing(stack) == before
    return done.stderr


@pytest.mark.parametrize("stage", ["a b", "x-demo"])
def test_a_stage_that_cannot_be_part_of_names(stack: EmbeddedStack, stage: str) -> None:
    said = refused(stack, "--stage", stage)
    assert said.startswith(f"error: stage {stage!r}: ")
    assert said.endswith("choose another --stage\n")


def test_a_region_that_does_not_exist(stack: EmbeddedStack) -> None:
    said = refused(stack, "--region", "us-est-1")
    assert "region 'us-est-1': there is none of that name; did you mean " in said
    assert " us-east-1" in said


def test_a_parameter_that_the_template_does_not_have(stack: EmbeddedStack) -> None:
    assert "--parameter MaxTSP: infrastructure.yaml has Aggregation, " in refused(
        stack, "--parameter", "MaxTSP=1"
    )


def test_a_limit_that_is_no_whole_number(stack: EmbeddedStack) -> None:
    said = refused(stack, "--parameter", "MaxTps=1000.5", "--auth", "none")
    assert "--parameter MaxTps=1000.5: give a whole number" in said


def test_a_network_that_is_not_there_or_not_whole(stack: EmbeddedStack) -> None:
    vpc, other = ("--parameter", "VpcId=vpc-0abc"), ("--parameter", "SubnetIds=subnet-0abc")
    assert "VpcId without SubnetIds; give both" in refused(stack, *vpc)
    assert "'vpc-0abc' does not exist; give ids of this account" in refused(stack, *vpc, *other)
    ec2 = client_of(stack, "ec2")
    (default,) = ec2.describe_vpcs()["Vpcs"]
    mine = ("--parameter", f"VpcId={default['VpcId']}")
    assert "'subnet-0abc' does not exist" in refused(stack, *mine, *other)
    another = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=another, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    theirs = ("--parameter", f"SubnetIds={subnet}")
    assert f"{subnet} not in {default['VpcId']}" in refused(stack, *mine, *theirs)


def test_a_stack_of_that_name_that_is_somebody_elses(stack: EmbeddedStack) -> None:
    cloudformation = client_of(stack, "cloudformation")
    name = "kinesis-demo-theirs"
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Description": "Theirs"}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    said = refused(stack, "--stage", "theirs")
    assert f"stack {name}: is there, but isn't this demo's; choose another --stage" in said
    cloudformation.delete_stack(StackName=name)


def test_names_that_others_have_are_all_named_at_once(stack: EmbeddedStack) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("app.py", "def handler(event, context): ...\n")
    client_of(stack, "lambda").create_function(
        FunctionName="kinesis-demo-taken",
        Role="arn:aws:iam::000000000000:role/any",
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    client_of(stack, "kinesis").create_stream(StreamName="kinesis-demo-taken-stream", ShardCount=1)
    client_of(stack, "logs").create_log_group(logGroupName="/ecs/kinesis-demo-taken-worker")
    said = refused(stack, "--stage", "taken")
    assert "Lambda function kinesis-demo-taken: is there, but isn't this demo's" in said
    assert "Kinesis stream kinesis-demo-taken-stream: is there without its stack" in said
    assert "log group /ecs/kinesis-demo-taken-worker: is there without its stack" in said

    destroyed = deploy_sh(stack, Path("/nowhere/to/be/written"), "destroy", "--stage", "taken")
    assert destroyed.returncode == 1
    assert "function kinesis-demo-taken: not deployed by this, left alone" in destroyed.stdout
    left = destroyed.stderr.splitlines()[1:]
    assert left == [
        "  Kinesis stream kinesis-demo-taken-stream",
        "  Lambda function kinesis-demo-taken",
    ]


def test_credentials_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Anonymous(EmbeddedStack):
        @property
        def client_environment(self) -> dict[str, str]:
            return {k: v for k, v in super().client_environment.items() if "_KEY" not in k}

    monkeypatch.setenv("HOME", str(tmp_path))
    anonymous = Anonymous(tmp_path / "never-started")
    for command in ("deploy", "status", "destroy"):
        done = deploy_sh(anonymous, tmp_path, command)
        assert done.returncode == 1
        assert "AWS credentials: " in done.stderr
        assert "AWS_PROFILE" in done.stderr


def test_a_profile_that_does_not_exist_is_an_error_in_a_line(tmp_path: Path) -> None:
    class Strange(EmbeddedStack):
        @property
        def client_environment(self) -> dict[str, str]:
            without = {k: v for k, v in super().client_environment.items() if "_REGION" not in k}
            return {**without, "AWS_PROFILE": "nobody"}

    done = deploy_sh(Strange(tmp_path / "never-started"), tmp_path, "status")
    assert done.returncode == 1
    assert done.stderr == "error: The config profile (nobody) could not be found\n"
