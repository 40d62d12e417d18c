"""infrastructure.yaml under its parameters, as the embedded CloudFormation carries them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployment.template import rendered
from local.stack import EmbeddedStack
from tests.clients import client_of
from tests.e2e.demos import wait_until
from tests.template import TEMPLATE, WORKFLOW


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


def created(stack: EmbeddedStack, name: str, **parameters: str) -> dict[str, str]:
    """The outputs of a stack that is made with these parameters."""
    cloudformation = client_of(stack, "cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=rendered(TEMPLATE, WORKFLOW),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )

    def look() -> Any:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        assert found["StackStatus"] in {"CREATE_IN_PROGRESS", "CREATE_COMPLETE"}, found
        return found if found["StackStatus"] == "CREATE_COMPLETE" else None

    found = wait_until(f"stack {name}", look)
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def kinds(stack: EmbeddedStack, name: str) -> list[str]:
    """The type of every resource that a stack has made."""
    found = client_of(stack, "cloudformation").describe_stack_resources(StackName=name)
    return [resource["ResourceType"] for resource in found["StackResources"]]


def test_by_itself_a_stack_has_a_network_a_stream_a_dashboard_and_five_alarms(
    stack: EmbeddedStack,
) -> None:
    outputs = created(stack, "by-itself")
    made = kinds(stack, "by-itself")
    assert made.count("AWS::EC2::Subnet") == len(outputs["SubnetIds"].split(",")) == 2
    assert made.count("AWS::CloudWatch::Alarm") == 5
    assert "AWS::CloudWatch::Dashboard" in made
    assert client_of(stack, "kinesis").list_streams()["StreamNames"] == [outputs["StreamName"]]


def test_tasks_go_into_a_network_that_is_there(stack: EmbeddedStack) -> None:
    ec2 = client_of(stack, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24")["Subnet"]["SubnetId"]
        for n in (1, 2)
    ]
    outputs = created(stack, "elsewhere", VpcId=vpc, SubnetIds=",".join(subnets))
    assert outputs["SubnetIds"].split(",") == subnets
    (group,) = ec2.describe_security_groups(GroupIds=[outputs["SecurityGroupId"]])["SecurityGroups"]
    assert group["VpcId"] == vpc
    assert {k for k in kinds(stack, "elsewhere") if k.startswith("AWS::EC2::")} == {
        "AWS::EC2::SecurityGroup"
    }


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"VpcId": "vpc-1"}, "both, or neither"),
        ({"SubnetIds": "subnet-1,subnet-2"}, "both, or neither"),
        ({"VpcId": "vpc-1", "SubnetIds": "subnet-1, subnet-2"}, "SubnetIds"),
        ({"Architecture": "SPARC"}, "Architecture"),
        ({"MaxDurationSeconds": "86401"}, "MaxDurationSeconds"),
    ],
)
def test_parameters_that_make_no_sense_are_refused_before_anything_is_made(
    stack: EmbeddedStack, parameters: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ClientError, match=complaint):
        created(stack, "refused", **parameters)


def test_without_a_kept_stream_and_monitoring_nothing_is_there_that_costs_by_itself(
    stack: EmbeddedStack,
) -> None:
    outputs = created(stack, "frugal", KeptStream="no", Monitoring="off")
    costly = {
        "AWS::Kinesis::Stream",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Logs::MetricFilter",
    }
    assert not costly & {*kinds(stack, "frugal")}
    assert outputs["KeptStream"] == "no"
    assert outputs["StreamName"] not in client_of(stack, "kinesis").list_streams()["StreamNames"]


def test_alarms_tell_the_topic_that_is_named(stack: EmbeddedStack) -> None:
    topic = client_of(stack, "sns").create_topic(Name="alarms")["TopicArn"]
    created(stack, "heard", AlarmTopicArn=topic)
    alarms = client_of(stack, "cloudwatch").describe_alarms(AlarmNamePrefix="heard-")[
        "MetricAlarms"
    ]
    assert [alarm["AlarmActions"] for alarm in alarms] == [[topic]] * 5


def test_a_bigger_task_has_more_producers(stack: EmbeddedStack) -> None:
    outputs = created(stack, "bigger", TaskCpu="2048", TaskMemory="4096", Architecture="ARM64")
    definition = client_of(stack, "ecs").describe_task_definition(
        taskDefinition=outputs["TaskDefinitionFamily"]
    )["taskDefinition"]
    assert (definition["cpu"], definition["memory"]) == ("2048", "4096")
    (container,) = definition["containerDefinitions"]
    assert {"name": "WORKER_PROCESSES", "value": "2"} in container["environment"]
    assert container["readonlyRootFilesystem"] is True
    (mount,) = container["linuxParameters"]["tmpfs"]
    assert mount["containerPath"]
    assert outputs["Architecture"] == "ARM64"
