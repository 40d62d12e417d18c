"""What deploy.sh sends is whole and small enough; names are right, failures are explained."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deployment.cloudformation import first_failure
from deployment.template import (
    MAX_TEMPLATE_BYTES,
    PLACEHOLDER,
    StageError,
    TemplateError,
    image_tag,
    rendered,
    stack_name,
)
from tests.template import TEMPLATE, WORKFLOW, parsed


def test_the_workflow_arrives_whole_and_fits() -> None:
    text = rendered(TEMPLATE, WORKFLOW)
    machine = parsed(text)["Resources"]["StateMachine"]["Properties"]
    assert json.loads(machine["DefinitionString"]) == json.loads(WORKFLOW)
    assert len(text.encode()) <= MAX_TEMPLATE_BYTES


@given(st.text(), st.text())
def test_any_text_in_the_workflow_survives(key: str, value: str) -> None:
    workflow = json.dumps({key: value}, ensure_ascii=False)
    document = yaml.safe_load(rendered(f"Body: {PLACEHOLDER}\nNext: 1\n", workflow))
    assert json.loads(document["Body"]) == {key: value}
    assert document["Next"] == 1


def test_a_template_without_the_placeholder_is_refused() -> None:
    with pytest.raises(TemplateError, match=PLACEHOLDER):
        rendered("Resources: {}\n", WORKFLOW)


def test_a_workflow_that_is_not_json_is_refused() -> None:
    with pytest.raises(TemplateError, match="not JSON"):
        rendered(TEMPLATE, "{")


def test_a_template_that_is_too_large_is_refused_before_it_is_sent() -> None:
    with pytest.raises(TemplateError, match="51,200"):
        rendered(TEMPLATE, json.dumps("x" * MAX_TEMPLATE_BYTES))


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
