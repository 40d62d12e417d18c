"""The template: what deploy.sh sends is whole, small enough, and gives no permission too many."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore import xform_name
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import names
from deployment.api_bundle import configuration
from deployment.infrastructure import first_failure
from deployment.template import (
    MAX_TEMPLATE_BYTES,
    PLACEHOLDER,
    StageError,
    TemplateError,
    image_tag,
    rendered,
    stack_name,
)
from worker.contract import CONTROLLER_NAMESPACE, WORKER_NAMESPACE, Env

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = (ROOT / "infrastructure.yaml").read_text()
WORKFLOW = (ROOT / "statemachine.json").read_text()

# Actions that AWS can limit to no resource, from the Service Authorization Reference.
WITHOUT_RESOURCE = {
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTaskDefinitions",
    "ecs:RegisterTaskDefinition",
}


class CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, `!Ref X` read as {"Ref": "X"}."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            raise AssertionError(node)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


CloudFormationLoader.add_multi_constructor("!", _function)


def parsed(text: str) -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(text, CloudFormationLoader)  # noqa: S506 (a SafeLoader)
    return template


RESOURCES = parsed(TEMPLATE)["Resources"]


def walked(node: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value in a tree."""
    if isinstance(node, dict):
        yield from node.items()
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from walked(child)


def references(node: Any) -> set[str]:
    """The names that Ref, GetAtt and Sub in a tree refer to."""
    found: set[str] = set()
    for key, value in walked(node):
        if key == "Ref":
            found.add(value)
        elif key == "Fn::GetAtt":
            found.add(value.split(".")[0])
        elif key == "Fn::Sub":
            found |= set(re.findall(r"\$\{([\w:]+)\}", value))
    return found


def statements() -> list[dict[str, Any]]:
    policies = [
        policy
        for resource in RESOURCES.values()
        for policy in (
            *resource.get("Properties", {}).get("Policies", []),
            *([resource["Properties"]] if resource["Type"] == "AWS::IAM::Policy" else []),
        )
    ]
    assert policies
    return [s for policy in policies for s in policy["PolicyDocument"]["Statement"]]


def actions(statement: dict[str, Any]) -> list[str]:
    listed = statement["Action"]
    return [listed] if isinstance(listed, str) else listed


def test_the_workflow_arrives_unchanged_and_fits() -> None:
    text = rendered(TEMPLATE, WORKFLOW)
    machine = parsed(text)["Resources"]["StateMachine"]["Properties"]
    assert machine["DefinitionString"] == WORKFLOW
    assert len(text.encode()) <= MAX_TEMPLATE_BYTES


@given(st.text(), st.text())
def test_any_text_in_the_workflow_survives(key: str, value: str) -> None:
    workflow = json.dumps({key: value}, ensure_ascii=False)
    text = rendered(f"Body: {PLACEHOLDER}\nNext: 1\n", workflow)
    assert yaml.safe_load(text) == {"Body": workflow, "Next": 1}


def test_every_substitution_that_the_workflow_wants_is_given_and_no_other() -> None:
    given_ones = RESOURCES["StateMachine"]["Properties"]["DefinitionSubstitutions"].keys()
    assert set(re.findall(r"\$\{(\w+)\}", WORKFLOW)) == set(given_ones)


def test_a_template_without_the_placeholder_is_refused() -> None:
    with pytest.raises(TemplateError, match=PLACEHOLDER):
        rendered("Resources: {}\n", WORKFLOW)


def test_a_workflow_that_is_not_json_is_refused() -> None:
    with pytest.raises(TemplateError, match="not JSON"):
        rendered(TEMPLATE, "{")


def test_a_template_that_is_too_large_is_refused_before_it_is_sent() -> None:
    with pytest.raises(TemplateError, match="51,200"):
        rendered(TEMPLATE, json.dumps("x" * MAX_TEMPLATE_BYTES))


def test_everything_that_is_referred_to_exists() -> None:
    template = parsed(TEMPLATE)
    named = RESOURCES.keys() | template["Parameters"].keys()
    referred = {name for name in references(template) if not name.startswith("AWS::")}
    assert referred <= named
    assert "Stream" in referred


def test_only_actions_that_know_no_resource_are_allowed_on_all() -> None:
    on_all = {a for s in statements() if s["Resource"] == "*" for a in actions(s)}
    assert on_all == WITHOUT_RESOURCE


def test_no_action_is_a_pattern() -> None:
    assert [a for s in statements() for a in actions(s) if "*" in a] == []


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
        if key == "Action" and powers & {*([value] if isinstance(value, str) else value)}
    }
    assert holders == {"ControllerRole"}
    (passing,) = (s for s in statements() if "iam:PassRole" in actions(s))
    assert references(passing["Resource"]) == {"TaskRole", "ExecutionRole"}
    assert passing["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
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
        for name in ("ApiRole", "ControllerRole", "LambdasPolicy")
        for key, value in walked(RESOURCES[name]["Properties"])
        if key == "Action"
        for action in ([value] if isinstance(value, str) else value)
    }
    implied = {
        "sts:AssumeRole",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "iam:PassRole",  # RegisterTaskDefinition names the tasks' roles
        "ecs:TagResource",  # CreateService gives the service a tag
    }
    assert granted - implied == calls_of_the_lambdas()


def test_the_base_container_has_the_variables_that_no_phase_changes() -> None:
    (container,) = RESOURCES["WorkerTaskDefinition"]["Properties"]["ContainerDefinitions"]
    assert {pair["Name"] for pair in container["Environment"]} == {
        Env.STREAM_NAME,
        Env.AWS_REGION,
        Env.CLOUDWATCH_NAMESPACE,
        Env.METRICS_PUBLISH_INTERVAL,
        Env.AGGREGATION,
    }


def test_the_controllers_names_for_services_are_those_that_the_policies_allow() -> None:
    scopes = [
        arn["Fn::Sub"].rpartition(":")[2]
        for s in statements()
        if any(a.startswith("ecs:") for a in actions(s)) and s["Resource"] != "*"
        for arn in [s["Resource"]]
    ]
    assert set(scopes) == {"service/${Cluster}/" + names.service_of("*")}


def test_the_outputs_are_all_that_the_functions_configuration_needs() -> None:
    outputs = dict.fromkeys(parsed(TEMPLATE)["Outputs"], "x")
    assert configuration({}, "local", outputs)["stages"]["local"]["environment_variables"]


def test_a_stacks_name_is_the_applications_and_the_stages() -> None:
    assert stack_name("kinesis-demo", "production") == "kinesis-demo-production"


@pytest.mark.parametrize("stage", ["", "Production", "1st", "a_b", "a b", "a" * 33, "a\n"])
def test_a_stage_that_cannot_be_part_of_a_name_is_refused(stage: str) -> None:
    with pytest.raises(StageError, match="stage"):
        stack_name("kinesis-demo", stage)


def test_an_images_tag_changes_with_its_sources_and_only_with_them() -> None:
    sources = {"worker/a.py": b"1", "worker/b.py": b"2"}
    tag = image_tag(sources)
    assert image_tag(dict(reversed(sources.items()))) == tag
    assert re.fullmatch(r"[0-9a-f]{12}", tag)
    others = [{"worker/a.py": b"12", "worker/b.py": b""}, {"worker/a.py": b"1"}, {"a": b"1"}]
    assert tag not in {image_tag(other) for other in others}


def event(name: str, status: str, reason: str = "") -> dict[str, str]:
    return {
        "LogicalResourceId": name,
        "ResourceType": "AWS::Some::Type",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_the_resource_that_failed_first_is_the_reason() -> None:
    newest_first = [
        event("stack", "ROLLBACK_COMPLETE"),
        event("stack", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [A, B]"),
        event("B", "CREATE_FAILED", "Resource creation cancelled"),
        event("C", "CREATE_FAILED", "later"),
        event("A", "CREATE_FAILED", "no such thing"),
        event("A", "CREATE_IN_PROGRESS"),
        event("stack", "CREATE_IN_PROGRESS", "User Initiated"),
        event("Z", "UPDATE_FAILED", "of an earlier change"),
    ]
    assert first_failure(newest_first, "stack") == "A (AWS::Some::Type): no such thing"


def test_a_failure_without_a_reason_is_said_to_have_none() -> None:
    assert "no resource" in first_failure([event("stack", "ROLLBACK_COMPLETE")], "stack")
