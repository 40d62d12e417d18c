"""The roles: what each may do, held against AWS's own reference and the code that does it."""

from __future__ import annotations

import ast
import json
from importlib.resources import files
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from chalicelib import names
from tests.template import RESOURCES, ROOT, listed, properties, references, walked
from worker.contract import CONTROLLER_NAMESPACE, WORKER_NAMESPACE

REFERENCE: dict[str, Any] = json.loads(
    (files("cfnlint.data") / "AdditionalSpecs/Policies.json").read_text()
)
"""AWS's Service Authorization Reference: of every action, the resources that can limit it."""

ASKED_FOR_ON_ALL = {
    # The reference names `dataset`, which holds OpenTelemetry metrics and nothing else (CloudWatch
    # user guide, "Encryption at rest for OpenTelemetry metrics").
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    # It names container instances, of which Fargate has none: AWS asks for `*`
    # (cdklabs/construct-hub, pull request 1207).
    "ecs:ListTasks",
    # It names task definitions, but AWS asks for `*`: so its own refusals say.
    "ecs:RegisterTaskDefinition",
}
"""Actions that AWS asks for on all resources, whatever the reference names."""


def statements(*resources: str) -> list[dict[str, Any]]:
    """The permissions that these resources give; all of the template's if none is named."""
    policies = [
        policy
        for name, resource in RESOURCES.items()
        if not resources or name in resources
        for policy in (
            *resource.get("Properties", {}).get("Policies", []),
            *([resource["Properties"]] if resource["Type"] == "AWS::IAM::Policy" else []),
        )
    ]
    assert policies
    return [s for policy in policies for s in policy["PolicyDocument"]["Statement"]]


def actions(statement: dict[str, Any]) -> list[str]:
    return listed(statement["Action"])


def resources_in_the_reference(action: str) -> list[str]:
    service, _, name = action.partition(":")
    found: list[str] = REFERENCE[service]["Actions"][name.lower()].get("Resources", [])
    return found


def test_only_actions_that_no_resource_can_limit_are_allowed_on_all() -> None:
    on_all = {a for s in statements() if s["Resource"] == "*" for a in actions(s)}
    assert on_all
    assert {a for a in on_all if resources_in_the_reference(a)} == ASKED_FOR_ON_ALL


def test_what_is_limited_to_a_resource_is_limited_to_one_of_the_actions_own_kind() -> None:
    for statement in statements():
        if statement["Resource"] == "*":
            continue
        for action in actions(statement):
            assert resources_in_the_reference(action), action


def test_tasks_are_listed_in_the_stacks_cluster_only() -> None:
    (listing,) = (s for s in statements() if "ecs:ListTasks" in actions(s))
    assert listing["Condition"] == {"ArnEquals": {"ecs:cluster": {"Fn::GetAtt": "Cluster.Arn"}}}


def test_no_action_is_a_pattern() -> None:
    assert [a for s in statements() for a in actions(s) if "*" in a] == []


def test_no_permission_is_given_twice() -> None:
    for role in ("ApiRole", "ControllerRole"):
        given = [
            (action, json.dumps(resource))
            for s in statements(role, "LambdasPolicy")
            for action in actions(s)
            for resource in listed(s["Resource"])
        ]
        assert len(given) == len(set(given))


def test_metrics_go_to_the_namespaces_of_the_contract_only() -> None:
    namespaces = {
        s["Condition"]["StringEquals"]["cloudwatch:namespace"]
        for s in statements()
        if "cloudwatch:PutMetricData" in actions(s)
    }
    assert namespaces == {WORKER_NAMESPACE, CONTROLLER_NAMESPACE}


def test_only_the_controller_starts_tasks_and_passes_their_two_roles_to_ecs_alone() -> None:
    powers = {"iam:PassRole", "ecs:CreateService", "ecs:RegisterTaskDefinition"}
    holders = {
        name
        for name, resource in RESOURCES.items()
        for key, value in walked(resource)
        if key == "Action" and powers & {*listed(value)}
    }
    assert holders == {"ControllerRole"}
    (passing,) = (s for s in statements() if "iam:PassRole" in actions(s))
    assert references(passing["Resource"]) == {"TaskRole", "ExecutionRole"}
    assert passing["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }


def test_the_stream_that_stays_can_be_written_and_warmed_but_not_deleted() -> None:
    kept = "stream/${AWS::StackName}-stream"
    allowed = {
        action
        for s in statements()
        for resource in listed(s["Resource"])
        if isinstance(resource, dict) and resource.get("Fn::Sub", "").endswith(kept)
        for action in actions(s)
    }
    assert allowed == {
        "kinesis:DescribeStreamSummary",
        "kinesis:ListShards",
        "kinesis:PutRecords",
        "kinesis:UpdateStreamWarmThroughput",
    }


def calls_of_the_lambdas() -> set[str]:
    """The AWS actions that api/ calls, read from its source: clients' methods and paginators."""
    session = botocore.session.get_session()
    prefixes = {"ecs": "ecs", "stepfunctions": "states", "kinesis": "kinesis"}
    prefixes["cloudwatch"] = "cloudwatch"
    actions_by_method = {
        xform_name(operation): f"{prefix}:{operation}"
        for service, prefix in prefixes.items()
        for operation in session.get_service_model(service).operation_names
    }
    names_called = set()
    for path in (ROOT / "api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            names_called.add(node.func.attr)
            if node.func.attr == "get_paginator":
                names_called.add(ast.literal_eval(node.args[0]))
    return {actions_by_method[name] for name in names_called & actions_by_method.keys()}


def test_the_lambdas_may_call_what_they_call_and_nothing_else() -> None:
    granted = {
        action
        for s in statements("ApiRole", "ControllerRole", "LambdasPolicy")
        for action in actions(s)
    }
    implied = {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "iam:PassRole",  # RegisterTaskDefinition names the tasks' roles
        "ecs:TagResource",  # CreateService gives the service a tag
    }
    assert granted - implied == calls_of_the_lambdas()


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("ecs:CreateService", "service/${Cluster}/" + names.service_of("*")),
        ("kinesis:CreateStream", "stream/${AWS::StackName}-demo-*"),
    ],
)
def test_the_names_that_the_controller_gives_are_those_that_its_policy_allows(
    service: str, expected: str
) -> None:
    (statement,) = (s for s in statements("ControllerRole") if service in actions(s))
    assert statement["Resource"]["Fn::Sub"].split(":", 5)[-1].endswith(expected)


def test_every_role_is_assumed_by_one_service() -> None:
    principals = {
        name: [s["Principal"] for s in role["AssumeRolePolicyDocument"]["Statement"]]
        for name, role in ((name, properties(name)) for name in RESOURCES if name.endswith("Role"))
    }
    assert principals == {
        "TaskRole": [{"Service": "ecs-tasks.amazonaws.com"}],
        "ExecutionRole": [{"Service": "ecs-tasks.amazonaws.com"}],
        "StateMachineRole": [{"Service": "states.amazonaws.com"}],
        "ApiRole": [{"Service": "lambda.amazonaws.com"}],
        "ControllerRole": [{"Service": "lambda.amazonaws.com"}],
    }
