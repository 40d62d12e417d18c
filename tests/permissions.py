"""What IAM asks for a call, and whether policies allow it.

Pure. Of IAM it knows as much as the template uses: Allow statements, `*` in resources, StringEquals
and ArnEquals. What it doesn't know is an error, never an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.template import listed

PREFIXES = {"stepfunctions": "states"}
"""IAM's prefix of a service where boto3 has another name for it."""

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """An action on a resource (`*` if the action knows none), and what conditions can ask about."""

    role: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True)
class Grant:
    """One action on one resource or pattern, of a role's policies."""

    role: str
    action: str
    resource: str


@dataclass(frozen=True)
class Account:
    """Where the calls were made: the beginning of every ARN."""

    region: str
    number: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.number}:{resource}"


def calls_of(
    role: str, service: str, operation: str, parameters: Mapping[str, Any], account: Account
) -> Iterator[Call]:
    """What IAM is asked for one API call: its own action, and those that it implies."""
    action = f"{PREFIXES.get(service, service)}:{operation}"
    context = tuple(_context(service, operation, parameters, account))
    if operation == "DescribeTasks":
        yield from (Call(role, action, task, context) for task in parameters["tasks"])
        return
    resource = _resource(service, operation, parameters, account)
    yield Call(role, action, resource, context)
    if operation == "StartStreamEncryption":
        # The reference names the stream and the key.
        yield Call(role, action, account.arn("kms", f"key/{parameters['KeyId']}"))
    if operation == "RegisterTaskDefinition":
        # Who registers a task definition hands its roles to ECS (IAM user guide, PassRole).
        for passed in (parameters["taskRoleArn"], parameters["executionRoleArn"]):
            service_told = (("iam:PassedToService", "ecs-tasks.amazonaws.com"),)
            yield Call(role, "iam:PassRole", passed, service_told)
    if operation == "CreateService" and parameters.get("tags"):
        # Tagging at creation is an action of its own (ECS developer guide, "Tag resources on
        # creation").
        yield Call(role, "ecs:TagResource", resource, (("ecs:CreateAction", "CreateService"),))
    if operation == "CreateStream" and parameters.get("Tags"):
        # botocore: CreateStream
        yield Call(role, "kinesis:AddTagsToStream", resource)


def _resource(service: str, operation: str, parameters: Mapping[str, Any], account: Account) -> str:
    match service:
        case "kinesis":
            if "StreamARN" in parameters:
                return str(parameters["StreamARN"])
            name = parameters.get("StreamName")
            return account.arn("kinesis", f"stream/{name}") if name else "*"
        case "stepfunctions":
            return str(parameters.get("executionArn") or parameters["stateMachineArn"])
        case "ecs":
            return _ecs_resource(operation, parameters, account)
        case "cloudwatch":
            return "*"
    raise NotImplementedError(f"{service}:{operation}")


def _ecs_resource(operation: str, parameters: Mapping[str, Any], account: Account) -> str:
    cluster = parameters.get("cluster")
    match operation:
        case "CreateService":
            return account.arn("ecs", f"service/{cluster}/{parameters['serviceName']}")
        case "UpdateService" | "DeleteService":
            return account.arn("ecs", f"service/{cluster}/{parameters['service']}")
        case "DescribeServices":
            (service,) = parameters["services"]
            return account.arn("ecs", f"service/{cluster}/{service}")
    if operation == "ListTasks" or operation.endswith(("TaskDefinition", "TaskDefinitions")):
        return "*"
    raise NotImplementedError(f"ecs:{operation}")


def _context(
    service: str, operation: str, parameters: Mapping[str, Any], account: Account
) -> Iterator[tuple[str, str]]:
    if operation == "PutMetricData":
        yield "cloudwatch:namespace", parameters["Namespace"]
    if service == "ecs" and "cluster" in parameters:
        yield "ecs:cluster", account.arn("ecs", f"cluster/{parameters['cluster']}")


def allows(statement: Statement, call: Call) -> bool:
    """Whether a statement allows the call."""
    if statement["Effect"] != "Allow":
        raise NotImplementedError(statement["Effect"])
    return (
        call.action in listed(statement["Action"])
        and any(fnmatchcase(call.resource, pattern) for pattern in listed(statement["Resource"]))
        and _conditions_hold(statement.get("Condition", {}), dict(call.context))
    )


def _conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    for operator, wanted in conditions.items():
        if operator not in {"StringEquals", "ArnEquals"}:
            raise NotImplementedError(operator)
        if any(context.get(key) not in listed(values) for key, values in wanted.items()):
            return False
    return True


def denied(policies: Mapping[str, list[Statement]], calls: Iterable[Call]) -> set[Call]:
    """The calls that no policy of their role allows."""
    return {call for call in calls if not any(allows(s, call) for s in policies[call.role])}


def unused(policies: Mapping[str, list[Statement]], calls: Iterable[Call]) -> set[Grant]:
    """What the policies allow and no call needs, by action and resource."""
    made = list(calls)
    return {
        Grant(role, action, resource)
        for role, statements in policies.items()
        for statement in statements
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if not any(
            call.role == role
            and allows({**statement, "Action": action, "Resource": resource}, call)
            for call in made
        )
    }
