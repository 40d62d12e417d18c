"""The template's resources: the stream, the network, the tasks, the rule, what the outputs tell."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext

import pytest

from chalicelib import task_definition
from chalicelib.errors import ConfigurationError
from chalicelib.plan import MAX_DURATION_SECONDS, MAX_TARGET_TPS
from chalicelib.settings import budget
from deployment.api_bundle import configuration
from deployment.spending import LIMITS
from tests.template import DOCUMENT, RESOURCES, ROOT, WORKFLOW, of_type, properties, references
from worker.contract import Env

TEMPORARY = "/tmp"  # noqa: S108 (in a container of its own)
(CONTAINER,) = properties("WorkerTaskDefinition")["ContainerDefinitions"]


def test_everything_that_is_referred_to_exists() -> None:
    named = RESOURCES.keys() | DOCUMENT["Parameters"].keys()
    referred = {name for name in references(DOCUMENT) if not name.startswith("AWS::")}
    assert referred <= named
    assert "StateMachine" in referred


def test_what_may_not_be_there_is_referred_to_only_where_it_is() -> None:
    conditional = {name: r["Condition"] for name, r in RESOURCES.items() if "Condition" in r}
    for name, resource in RESOURCES.items():
        missing = {
            other
            for other in references(_without_if(resource)) & conditional.keys()
            if conditional[other] != resource.get("Condition")
        }
        assert not missing, name


def _without_if(node: object) -> object:
    """A tree without what depends on a condition in it."""
    if isinstance(node, dict):
        return {k: _without_if(v) for k, v in node.items() if k != "Fn::If"}
    return [_without_if(v) for v in node] if isinstance(node, list) else node


def test_every_substitution_that_the_workflow_wants_is_given_and_no_other() -> None:
    given_ones = properties("StateMachine")["DefinitionSubstitutions"].keys()
    assert set(re.findall(r"\$\{(\w+)\}", WORKFLOW)) == set(given_ones)


def test_the_stream_is_on_demand_encrypted_and_keeps_records_for_a_day() -> None:
    assert properties("Stream") == {
        "Name": {"Fn::Sub": "${AWS::StackName}-stream"},
        "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
        "RetentionPeriodHours": 24,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
    }


def test_the_network_has_no_standing_price() -> None:
    billed = {"NatGateway", "EIP", "VPCEndpoint", "FlowLog", "TransitGatewayAttachment"}
    kinds = {resource["Type"].rpartition("::")[2] for resource in RESOURCES.values()}
    assert not kinds & billed


def test_nothing_reaches_a_task_and_it_reaches_https_only() -> None:
    group = properties("WorkerSecurityGroup")
    assert "SecurityGroupIngress" not in group
    (rule,) = group["SecurityGroupEgress"]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)


def test_a_networks_ids_are_given_both_or_neither() -> None:
    (assertion,) = DOCUMENT["Rules"]["OwnNetworkOrExisting"]["Assertions"]
    assert "both, or neither" in assertion["AssertDescription"]
    own = {name for name, r in RESOURCES.items() if r.get("Condition") == "HasOwnNetwork"}
    ec2 = {name for name, r in RESOURCES.items() if r["Type"].startswith("AWS::EC2::")}
    assert ec2 - own == {"WorkerSecurityGroup"}


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("VpcId", ["", "vpc-0a1b2c3d"], ["vpc-", "subnet-1", "vpc-1,vpc-2"]),
        ("SubnetIds", ["", "subnet-0a", "subnet-0a,subnet-1b"], ["subnet-0a, subnet-1b", "vpc-1"]),
        ("TaskMemory", ["512", "30720"], ["", "0512", "1 GB", "64"]),
        ("AlarmTopicArn", ["", "arn:aws:sns:eu-west-1:123456789012:ops"], ["ops", "arn:aws:sqs:x"]),
    ],
)
def test_a_parameters_pattern_takes_what_it_should(
    parameter: str, good: list[str], bad: list[str]
) -> None:
    pattern = DOCUMENT["Parameters"][parameter]["AllowedPattern"]
    assert all(re.fullmatch(pattern, value) for value in good)
    assert not any(re.fullmatch(pattern, value) for value in bad)


def test_the_base_container_has_the_variables_that_no_phase_changes() -> None:
    assert {pair["Name"] for pair in CONTAINER["Environment"]} == {
        Env.STREAM_NAME,
        Env.AWS_REGION,
        Env.CLOUDWATCH_NAMESPACE,
        Env.METRICS_PUBLISH_INTERVAL,
        Env.AGGREGATION,
        Env.WORKER_PROCESSES,
    }


def test_a_task_has_a_producer_for_each_whole_processor_and_at_least_one() -> None:
    sizes = DOCUMENT["Parameters"]["TaskCpu"]["AllowedValues"]
    pools = {size: int(row["Processes"]) for size, row in DOCUMENT["Mappings"]["Pool"].items()}
    assert pools == {size: max(1, int(size) // 1024) for size in sizes}


def test_a_task_writes_nowhere_but_into_its_temporary_folder() -> None:
    assert CONTAINER["ReadonlyRootFilesystem"] is True
    (mount,) = CONTAINER["LinuxParameters"]["Tmpfs"]
    assert mount == {"ContainerPath": TEMPORARY, "Size": 16}
    dockerfile = (ROOT / "worker/Dockerfile").read_text()
    assert "TMPDIR" not in dockerfile  # or the scoreboard would be somewhere else
    assert re.search(r"^USER (?!root)", dockerfile, re.MULTILINE)


def test_a_task_has_no_rights_of_the_kernels_and_is_nobody() -> None:
    assert CONTAINER["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert CONTAINER["User"] == "10001"
    assert CONTAINER.keys().isdisjoint({"Privileged", "DockerSecurityOptions", "PortMappings"})
    dockerfile = (ROOT / "worker/Dockerfile").read_text()
    assert "--uid 10001 worker" in dockerfile
    assert "-perm /6000 -exec chmod a-s" in dockerfile


def test_a_demos_tasks_are_as_closed_as_the_base_says() -> None:
    base = {
        "family": "kinesis-demo-x-worker",
        "containerDefinitions": [
            {
                "name": "worker",
                "readonlyRootFilesystem": True,
                "user": "10001",
                "linuxParameters": {
                    "capabilities": {"drop": ["ALL"]},
                    "tmpfs": [{"containerPath": TEMPORARY, "size": 16}],
                },
            }
        ],
    }
    derived = task_definition.derived(
        base, family="f", environment={"A": "1"}, registerable=["family", "containerDefinitions"]
    )
    (container,) = derived["containerDefinitions"]
    assert container["readonlyRootFilesystem"] is True
    assert container["linuxParameters"] == {
        "capabilities": {"drop": ["ALL"]},
        "tmpfs": [{"containerPath": TEMPORARY, "size": 16}],
    }
    assert container["user"] == "10001"


def test_every_log_group_forgets() -> None:
    groups = of_type("AWS::Logs::LogGroup")
    assert len(groups) == 4
    assert all(1 <= group["RetentionInDays"] <= 30 for group in groups.values())


def test_the_repository_keeps_a_few_images_that_never_change() -> None:
    repository = properties("WorkerRepository")
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    (rule,) = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert rule["selection"]["countNumber"] <= 5
    assert rule["action"] == {"type": "expire"}


def test_demos_that_ran_no_cleanup_of_their_own_are_told_to_the_controller() -> None:
    rule = properties("EndedDemos")
    assert rule["EventPattern"]["source"] == ["aws.states"]
    assert rule["EventPattern"]["detail-type"] == ["Step Functions Execution Status Change"]
    assert rule["EventPattern"]["detail"] == {
        "stateMachineArn": [{"Ref": "StateMachine"}],
        "status": ["ABORTED", "FAILED", "TIMED_OUT"],
    }
    (target,) = rule["Targets"]
    controller = properties("StateMachine")["DefinitionSubstitutions"]["ControllerFunctionArn"]
    assert target["Arn"] == controller
    assert "Input" not in target  # the event goes as it is


def test_the_outputs_are_all_that_the_functions_configuration_needs() -> None:
    outputs = dict.fromkeys(DOCUMENT["Outputs"], "x")
    assert configuration({}, "local", outputs)["stages"]["local"]["environment_variables"]


def test_the_budget_guard_is_told_on() -> None:
    for name in LIMITS:
        assert DOCUMENT["Outputs"][name] == {"Value": {"Ref": name}}
    most = {name: DOCUMENT["Parameters"][name]["MaxValue"] for name in LIMITS}
    assert tuple(most.values()) == (MAX_TARGET_TPS, 1_000, MAX_DURATION_SECONDS)
    for difference, accepted in ((0, True), (1, False)):
        for name, variable in zip(
            LIMITS, ("MAX_TPS", "MAX_DEMOS", "MAX_DURATION_SECONDS"), strict=True
        ):
            with nullcontext() if accepted else pytest.raises(ConfigurationError, match=variable):
                budget({variable: str(most[name] + difference)})


def test_what_the_account_has_by_default_or_in_common_is_told_apart() -> None:
    insights = properties("Cluster")["ClusterSettings"]
    assert insights == [{"Name": "containerInsights", "Value": "disabled"}]
    # Dashboards have no region: two stages of a name would take turns in one.
    dashboard = properties("Dashboard")["DashboardName"]
    assert dashboard == {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}


def test_what_a_linter_is_told_to_overlook_says_why() -> None:
    skips = [
        skip
        for resource in RESOURCES.values()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skips
    assert all(len(skip["comment"].split()) >= 5 for skip in skips)
