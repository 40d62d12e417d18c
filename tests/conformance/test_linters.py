"""What other people's linters say of the template, the workflow and the scripts: nothing.

cfn-lint knows CloudFormation's schemas of every resource type, and the states language's. checkov
has an environment of its own: `make lint`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint import api

from deployment.template import rendered
from tests.template import ROOT, TEMPLATE, WORKFLOW

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:kinesis-demo-test-controller"
ROLE = "arn:aws:iam::123456789012:role/states"


def complaints(template: str) -> list[str]:
    """cfn-lint's errors and warnings, as of us-east-1."""
    return [f"{match.rule.id}: {match.message}" for match in api.lint(template)]


def machine(definition: dict[str, Any]) -> str:
    """A template with nothing but this workflow."""
    properties = {"RoleArn": ROLE, "Definition": definition}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    return json.dumps({"Resources": {"Machine": resource}})


def definition() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(WORKFLOW.replace("${ControllerFunctionArn}", FUNCTION))
    return found


def test_the_template_as_it_is_sent_is_a_good_one() -> None:
    assert complaints(rendered(TEMPLATE, WORKFLOW)) == []


def test_the_workflow_is_in_the_states_language() -> None:
    assert complaints(machine(definition())) == []


@pytest.mark.parametrize(
    ("state", "field", "value"),
    [
        ("DemoFailed", "Catch", [{"Next": "Failed"}]),
        ("WaitPhase1Duration", "Type", "Sleep"),
        ("CleanupDemo", "Retries", []),
    ],
)
def test_a_broken_workflow_would_be_noticed(state: str, field: str, value: object) -> None:
    broken = definition()
    broken["States"][state][field] = value
    assert any(complaint.startswith("E3601") for complaint in complaints(machine(broken)))


def test_a_broken_template_would_be_noticed() -> None:
    broken = TEMPLATE.replace("RetentionInDays: 7", "RetentionInDays: 8", 1)
    assert any(complaint.startswith("E") for complaint in complaints(rendered(broken, WORKFLOW)))


def scripts() -> list[Path]:
    """Every shell script of the repository, by its first line."""
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / line for line in listing.stdout.splitlines()]
    return [p for p in paths if p.is_file() and re.match(rb"#!.*\b(ba)?sh\b", p.read_bytes()[:64])]


def test_the_shell_scripts_are_sound() -> None:
    found = scripts()
    assert {path.name for path in found} >= {"deploy.sh", "run"}
    done = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), "--external-sources", *found],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
