"""Everything that is there of a stage, found by name in every service that the demo uses.

This asks the services themselves, not CloudFormation or Chalice: it is how `destroy` knows that
nothing is left, also of a deployment whose records are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.exceptions import ClientError

from deployment.rest_apis import apis_of
from deployment.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

_STACK_TAG = "aws:cloudformation:stack-name"
_STACK_ID_TAG = "aws:cloudformation:stack-id"


@dataclass(frozen=True)
class Resource:
    """Something on AWS that bears the stage's name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def everything(stage: Stage) -> list[Resource]:
    """All that there is of the stage. AWS's errors pass through: an unasked service isn't empty."""
    others = other_stacks(stage)

    def owned(name: str) -> bool:
        return stage.owns(name, others)

    found = [r for kind in _BY_NAME for r in of_kind(kind) if owned(r.name)]
    found += [Resource("ECS service", name) for name in services(stage)]
    found += [Resource("ECS task definition", arn) for arn in definitions(stage, others)]
    found += [Resource("log group", name) for name in log_groups(stage)]
    found += [Resource("IAM role", name) for name in _roles(owned)]
    found += [Resource("REST API", name) for name in apis_of(boto3.client("apigateway"), stage)]
    return found + _network(stage, owned)


def of_kind(kind: str) -> list[Resource]:
    """All that the account has of a kind, whoever it is."""
    return [Resource(kind, name) for name in _BY_NAME[kind]()]


def fresh_streams(stage: Stage) -> list[str]:
    """The streams that demos with `fresh` had made for themselves."""
    return [name for name in _streams() if name.startswith(stage.demo_prefix)]


def definitions(
    stage: Stage,
    others: Collection[str] = (),
    statuses: tuple[Literal["ACTIVE", "INACTIVE"], ...] = ("ACTIVE", "INACTIVE"),
) -> list[str]:
    """ARNs of the stage's task definition revisions.

    INACTIVE is one that is deregistered, but not deleted: ECS keeps it for ever.
    """
    ecs = boto3.client("ecs")
    arns: list[str] = []
    for status in statuses:
        families = ecs.get_paginator("list_task_definition_families").paginate(
            familyPrefix=stage.stack, status=status
        )
        # For revisions AWS takes familyPrefix for the whole name, MiniStack for a prefix.
        for family in (name for page in families for name in page["families"]):
            if not stage.owns(family, others):
                continue
            pages = ecs.get_paginator("list_task_definitions").paginate(
                familyPrefix=family, status=status
            )
            listed = (arn for page in pages for arn in page["taskDefinitionArns"])
            arns += [arn for arn in listed if family_of(arn) == family]
    return arns


def family_of(definition: str) -> str:
    """The family of a task definition's ARN."""
    return definition.rpartition("/")[2].rpartition(":")[0]


def log_groups(stage: Stage) -> list[str]:
    """Those of the stage's log groups that there are."""
    logs = boto3.client("logs")
    found = set()
    for name in stage.log_groups:
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        found |= {group["logGroupName"] for page in pages for group in page["logGroups"]}
    return sorted(found & set(stage.log_groups))


def other_stacks(stage: Stage) -> list[str]:
    """Stacks whose names begin as this stage's: what is theirs is not its."""
    return [name for name in _stacks() if name.startswith(f"{stage.stack}-")]


def _stacks() -> list[str]:
    client = boto3.client("cloudformation")
    pages = client.get_paginator("list_stacks").paginate()
    return [
        summary["StackName"]
        for page in pages
        for summary in page["StackSummaries"]
        if summary["StackStatus"] != "DELETE_COMPLETE"
    ]


def _listing(service: str, operation: str, key: str, name: str = "") -> Callable[[], list[str]]:
    """A listing of one operation: `key` holds the list, `name` what an entry is called."""

    def listed() -> list[str]:
        client: Any = boto3.client(service)  # type: ignore[call-overload]
        pages = client.get_paginator(operation).paginate()
        return [entry[name] if name else entry for page in pages for entry in page.get(key, [])]

    return listed


_streams = _listing("kinesis", "list_streams", "StreamNames")


def _clusters() -> list[str]:
    return [arn.rpartition("/")[2] for arn in _listing("ecs", "list_clusters", "clusterArns")()]


def _rules() -> list[str]:
    return _listing("events", "list_rules", "Rules", "Name")()


def _dashboards() -> list[str]:
    """Dashboards are the account's: a stage's in this region ends in the region's name."""
    listed = _listing("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName")()
    return [name for name in listed if name.endswith(f"-{_region()}")]


_BY_NAME: dict[str, Callable[[], list[str]]] = {
    "CloudFormation stack": _stacks,
    "Kinesis stream": _streams,
    "ECS cluster": _clusters,
    "ECR repository": _listing("ecr", "describe_repositories", "repositories", "repositoryName"),
    "Lambda function": _listing("lambda", "list_functions", "Functions", "FunctionName"),
    "state machine": _listing("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "EventBridge rule": _rules,
    "CloudWatch alarm": _listing("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "CloudWatch dashboard": _dashboards,
}


def services(stage: Stage) -> Iterator[str]:
    """The services in the stage's cluster; none without the cluster."""
    try:
        pages = boto3.client("ecs").get_paginator("list_services").paginate(cluster=stage.stack)
        for page in pages:
            yield from (arn.rpartition("/")[2] for arn in page["serviceArns"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ClusterNotFoundException":
            raise


def _roles(owned: Callable[[str], bool]) -> Iterator[str]:
    """Roles are the account's: those of the same stage in another region are told by their tag."""
    iam = boto3.client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if not owned(role["RoleName"]):
                continue
            tags = iam.list_role_tags(RoleName=role["RoleName"])["Tags"]
            stack = next((tag["Value"] for tag in tags if tag["Key"] == _STACK_ID_TAG), "")
            if not stack or stack.split(":")[3] == _region():
                yield role["RoleName"]


def _region() -> str:
    """The region that this deployment is about: IAM's own client knows none."""
    return str(boto3.Session().region_name)


def _network(stage: Stage, owned: Callable[[str], bool]) -> list[Resource]:
    ec2 = boto3.client("ec2")
    vpcs = set()
    for key in ("Name", _STACK_TAG):
        tagged: FilterTypeDef = {"Name": f"tag:{key}", "Values": [stage.stack]}
        pages = ec2.get_paginator("describe_vpcs").paginate(Filters=[tagged])
        vpcs |= {vpc["VpcId"] for page in pages for vpc in page["Vpcs"]}
    named: FilterTypeDef = {"Name": "group-name", "Values": [f"{stage.stack}-*"]}
    pages_of_groups = ec2.get_paginator("describe_security_groups").paginate(Filters=[named])
    groups = [group for page in pages_of_groups for group in page["SecurityGroups"]]
    return [
        *(Resource("VPC", vpc) for vpc in sorted(vpcs)),
        *(Resource("security group", g["GroupId"]) for g in groups if owned(g["GroupName"])),
    ]
