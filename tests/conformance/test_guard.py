"""API_AUTH decides, in the configuration that Chalice deploys, whether the API is guarded.

Held against Chalice itself, which is to import app.py only after it has put that configuration's
environment into its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deployment.api_bundle import make

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS = {
    "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:a",
    "ClusterName": "cluster",
    "TaskDefinitionFamily": "family-worker",
    "StreamName": "stream",
    "KeptStream": "yes",
    "Monitoring": "on",
    "MaxTps": "1000",
    "MaxDemos": "5",
    "MaxDurationSeconds": "60",
    "SubnetIds": "subnet-1",
    "SecurityGroupId": "sg-1",
    "ApiRoleArn": "arn:api-role",
    "ControllerRoleArn": "arn:controller-role",
}
# What `chalice deploy` does up to the document that it hands to API Gateway.
SWAGGER = """
import json, os, sys
from chalice.cli.factory import CLIFactory
from chalice.deploy.swagger import SwaggerGenerator
config = CLIFactory(sys.argv[1], environ=os.environ).create_config_obj("guarded")
generator = SwaggerGenerator("us-east-1", {"api_handler_arn": "arn:api"})
print(json.dumps(generator.generate_swagger(config.chalice_app)))
"""


def deployed(bundle: Path, *, inherited: str | None) -> subprocess.CompletedProcess[str]:
    """Has Chalice read the bundle, in an environment that says something of its own."""
    environment = {k: v for k, v in os.environ.items() if k not in ("API_AUTH", "PYTHONPATH")}
    environment |= {"API_AUTH": inherited} if inherited else {}
    return subprocess.run(
        [sys.executable, "-c", SWAGGER, str(bundle)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def guards(ran: subprocess.CompletedProcess[str]) -> set[str]:
    """How each method of each path is guarded: the names of its security schemes."""
    assert ran.returncode == 0, ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    methods = [
        operation
        for item in document["paths"].values()
        for name, operation in item.items()
        if name != "options"
    ]
    assert len(methods) == 5
    schemes = document.get("securityDefinitions", {})
    return {
        schemes[next(iter(method["security"][0]))]["x-amazon-apigateway-authtype"]
        if method.get("security")
        else "open"
        for method in methods
    }


@pytest.mark.parametrize(
    ("auth", "guarded"), [("iam", {"awsSigv4"}), ("none", {"open"})], ids=["iam", "none"]
)
@pytest.mark.parametrize("inherited", [None, "iam", "none"], ids=str)
def test_the_bundles_own_word_counts_whatever_the_environment_says(
    tmp_path: Path, auth: str, guarded: set[str], inherited: str | None
) -> None:
    make(ROOT / "api", tmp_path, "guarded", OUTPUTS, auth)
    assert guards(deployed(tmp_path, inherited=inherited)) == guarded


@pytest.mark.parametrize("auth", ["", "None", "open", "IAM"])
def test_a_word_that_is_neither_deploys_nothing(tmp_path: Path, auth: str) -> None:
    make(ROOT / "api", tmp_path, "guarded", OUTPUTS, auth)
    ran = deployed(tmp_path, inherited=None)
    assert ran.returncode == 1
    assert f"API_AUTH is {auth!r}, not iam or none" in ran.stderr


def test_without_a_word_the_api_is_guarded(tmp_path: Path) -> None:
    make(ROOT / "api", tmp_path, "guarded", OUTPUTS)
    config = tmp_path / ".chalice/config.json"
    document = json.loads(config.read_text())
    del document["stages"]["guarded"]["environment_variables"]["API_AUTH"]
    config.write_text(json.dumps(document))
    assert guards(deployed(tmp_path, inherited=None)) == {"awsSigv4"}
