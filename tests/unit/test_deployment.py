"""The small parts of deploy.sh: its command line, docker's commands, networks, changes, status."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deployment.__main__ import parser
from deployment.demos import Running
from deployment.deploy import first_steps, image_of
from deployment.dry_run import change_line
from deployment.image import commands
from deployment.network import network_problem
from deployment.status import Status, lines


@pytest.mark.parametrize(
    ("line", "command", "dry_run", "stage"),
    [
        ("", "deploy", False, "production"),
        ("destroy --stage x", "destroy", False, "x"),
        ("--stage x status", "status", False, "x"),
        ("--dry-run --stage x", "deploy", True, "x"),
        ("--stage x deploy --dry-run", "deploy", True, "x"),
    ],
)
def test_the_command_may_stand_anywhere_and_be_left_out(
    line: str, command: str, dry_run: bool, stage: str
) -> None:
    read = parser().parse_intermixed_args(line.split())
    assert (read.command, read.dry_run, read.stage, read.auth) == (command, dry_run, stage, "iam")


@pytest.mark.parametrize("line", ["deplyo", "--auth nobody", "--parameter novalue", "--stag x"])
def test_what_is_not_understood_is_refused(line: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_intermixed_args(line.split())
    assert ended.value.code == 2


def test_parameters_may_be_empty_and_hold_an_equals_sign() -> None:
    read = parser().parse_intermixed_args(["--parameter", "A=b=c", "--parameter", "VpcId="])
    assert read.parameter == [("A", "b=c"), ("VpcId", "")]


@pytest.mark.parametrize(
    ("processor", "platform"), [("X86_64", "linux/amd64"), ("ARM64", "linux/arm64")]
)
def test_the_image_is_built_for_the_processor_that_it_runs_on(
    processor: str, platform: str
) -> None:
    build, push = commands("registry/repository:tag", processor)
    assert build[build.index("--platform") + 1] == platform
    assert push == ["docker", "push", "registry/repository:tag"]


def test_the_first_command_is_signed_unless_the_api_is_open() -> None:
    signed = first_steps("https://x", "s", "eu-west-1", "iam")
    assert "./kinesis-demo --stage s start" in signed
    assert '--aws-sigv4 "aws:amz:eu-west-1:execute-api"' in signed
    assert first_steps("https://x", "s", "eu-west-1", "none").endswith(
        "curl -X POST https://x/demo"
    )


@pytest.mark.parametrize("given", [{"VpcId": "vpc-1"}, {"SubnetIds": "subnet-1"}])
def test_a_vpc_and_subnets_are_given_together_or_not_at_all(given: dict[str, str]) -> None:
    assert "give both" in network_problem(given)
    assert network_problem({}) == network_problem({"VpcId": "", "SubnetIds": ""}) == ""


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Stubber:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    client = boto3.client("ec2", "us-east-1")
    monkeypatch.setattr("deployment.network.boto3.client", lambda _: client)
    stubber = Stubber(client)
    stubber.activate()
    return stubber


GIVEN = {"VpcId": "vpc-1", "SubnetIds": "subnet-1,subnet-2"}


def subnets(*vpcs: str) -> dict[str, Any]:
    return {"Subnets": [{"SubnetId": f"subnet-{n}", "VpcId": v} for n, v in enumerate(vpcs, 1)]}


def test_a_network_that_fits_is_no_problem(ec2: Stubber) -> None:
    ec2.add_response("describe_vpcs", {}, {"VpcIds": ["vpc-1"]})
    ec2.add_response(
        "describe_subnets", subnets("vpc-1", "vpc-1"), {"SubnetIds": ["subnet-1", "subnet-2"]}
    )
    assert network_problem(GIVEN) == ""


def test_a_subnet_of_another_vpc_is_named(ec2: Stubber) -> None:
    ec2.add_response("describe_vpcs", {})
    ec2.add_response("describe_subnets", subnets("vpc-1", "vpc-2"))
    assert network_problem(GIVEN).startswith("network: subnet-2 not in vpc-1;")


@pytest.mark.parametrize(
    ("operation", "code"),
    [("describe_vpcs", "InvalidVpcID.NotFound"), ("describe_subnets", "InvalidSubnetID.NotFound")],
)
def test_a_missing_vpc_or_subnet_is_named(ec2: Stubber, operation: str, code: str) -> None:
    if operation == "describe_subnets":
        ec2.add_response("describe_vpcs", {})
    ec2.add_client_error(operation, code, "The ID 'x-1' does not exist")
    assert "The ID 'x-1' does not exist; give ids of this account" in network_problem(GIVEN)


@pytest.mark.parametrize(
    ("state", "expected"),
    [("UPDATE_COMPLETE", "r:t"), ("UPDATE_ROLLBACK_COMPLETE", "r:t"), ("DELETE_FAILED", None)],
)
def test_a_stack_that_is_to_be_deleted_first_has_no_image_to_bring(
    state: Any, expected: str | None
) -> None:
    outputs = [{"OutputKey": "WorkerImage", "OutputValue": "r:t"}]
    stack: Any = {"StackName": "s", "StackStatus": state, "Outputs": outputs}
    assert image_of(stack) == expected
    assert image_of(None) is None


def change(replacement: str) -> Any:
    resource = {"LogicalResourceId": "A", "ResourceType": "AWS::X::Y", "Action": "Modify"}
    return {"ResourceChange": {**resource, "Replacement": replacement}}


def test_a_change_says_whether_the_resource_is_replaced() -> None:
    assert change_line(change("False")) == "  modify A (AWS::X::Y)"
    assert change_line(change("True")).endswith("(REPLACED)")
    assert change_line(change("Conditional")).endswith("(replaced, if need be)")


def test_a_status_shows_running_demos_with_their_phase_and_what_ended_ones_left() -> None:
    status = Status(
        stack="s CREATE_COMPLETE",
        url=None,
        auth=None,
        image="i",
        standing="0.04 USD an hour",
        running=[Running("a", 2), Running("b", None)],
        leftovers=["ECS service demo-c"],
        problems=[],
    )
    shown = lines(status)
    assert "  a: phase 2" in shown
    assert "  b: starting" in shown
    assert "leftovers  1 of ended demos" in shown
    assert "cost       0.04 USD an hour" in shown
