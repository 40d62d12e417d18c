"""deploy.sh against the embedded stack: what it deploys answers, again and side by side."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3

from local.stack import REGION, ROOT, EmbeddedStack

CHECKOUT = ["api", "deployment", "requirements", "worker", "deploy.sh"]
CHECKOUT += ["infrastructure.yaml", "statemachine.json"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module")
def url(stack: EmbeddedStack) -> str:
    return stack.deploy()


def call(url: str, method: str = "GET", body: object = None) -> tuple[int, dict[str, Any]]:
    answer = urllib3.request(method, url, json=body, timeout=30)
    return answer.status, answer.json()


def client(stack: EmbeddedStack, service: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=stack.endpoint,
        region_name=REGION,
        aws_access_key_id=stack.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=stack.environment["AWS_SECRET_ACCESS_KEY"],
    )


def deployed_from(
    checkout: Path, stack: EmbeddedStack, build: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Runs a checkout's own deploy.sh, from a folder that has nothing to do with it."""
    environment = {
        **stack.client_environment,
        "BUILD_DIR": str(build),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        ["bash", str(checkout / "deploy.sh"), *arguments],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this checkout that a test may change."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in CHECKOUT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True)
        else:
            shutil.copy2(source, folder / name)
    return folder


def test_the_api_reads_and_starts_and_stops_demos_through_api_gateway(url: str) -> None:
    assert call(f"{url}/demo")[0] == 200
    status, started = call(f"{url}/demo", "POST", {"name": "through-the-gateway"})
    assert (status, started["status"]) == (201, "RUNNING")
    status, shown = call(f"{url}/demo/{started['demoId']}")
    assert (status, shown["executionArn"]) == (200, started["executionArn"])
    assert call(f"{url}/demo/{started['demoId']}", "DELETE")[0] == 202


def test_what_the_api_refuses_arrives_as_it_said_it(url: str) -> None:
    status, answer = call(f"{url}/demo", "POST", {"phases": "four"})
    assert (status, answer["error"]) == (400, "InvalidDemo")
    assert call(f"{url}/demo/no-such-demo")[0] == 404


def test_the_workflow_reaches_the_controller(stack: EmbeddedStack, url: str) -> None:
    definition = json.loads(
        client(stack, "stepfunctions").describe_state_machine(
            stateMachineArn=stack.outputs["StateMachineArn"]
        )["definition"]
    )
    tasks = [s["Parameters"] for s in definition["States"].values() if s["Type"] == "Task"]
    functions = {parameters["FunctionName"].rpartition(":")[2] for parameters in tasks}
    assert functions == {"kinesis-demo-local-controller"}
    configuration = client(stack, "lambda").get_function_configuration(FunctionName=functions.pop())
    assert configuration["Role"] == stack.outputs["ControllerRoleArn"]
    assert url


def test_a_client_sees_the_health_check_of_the_base_task_definition(
    stack: EmbeddedStack, url: str
) -> None:
    family = stack.outputs["TaskDefinitionFamily"]
    answer = client(stack, "ecs").describe_task_definition(taskDefinition=family)
    (container,) = answer["taskDefinition"]["containerDefinitions"]
    assert container["healthCheck"]["command"] == ["CMD", "python", "-m", "worker.health"]
    assert {"name": "METRICS_PUBLISH_INTERVAL", "value": "1"} in container["environment"]
    assert url


def test_deploying_again_changes_nothing(stack: EmbeddedStack, url: str) -> None:
    outputs = stack.outputs
    ecs = client(stack, "ecs")
    revisions = ecs.list_task_definitions(familyPrefix=outputs["TaskDefinitionFamily"])
    for _ in range(2):  # the second update meets what the first one left
        assert stack.deploy() == url
    again = ecs.list_task_definitions(familyPrefix=outputs["TaskDefinitionFamily"])
    assert again["taskDefinitionArns"] == revisions["taskDefinitionArns"]
    assert stack.outputs == outputs
    assert call(f"{url}/demo")[0] == 200
    apis = client(stack, "apigateway").get_rest_apis()["items"]
    assert [api["endpointConfiguration"]["types"] for api in apis] == [["EDGE"]]


def test_a_changed_route_is_served_and_a_removed_one_is_not(
    stack: EmbeddedStack, checkout: Path, tmp_path: Path
) -> None:
    stage = ("--stage", "changing")
    first = deployed_from(checkout, stack, tmp_path / "build", *stage)
    assert first.returncode == 0, first.stderr
    url = first.stdout.rpartition("API: ")[2].split()[0]
    assert call(f"{url}/demo")[0] == 200

    app = checkout / "api/app.py"
    app.write_text(app.read_text().replace('"/demo', '"/show'))
    second = deployed_from(checkout, stack, tmp_path / "build", *stage)
    assert second.returncode == 0, second.stderr
    assert f"API: {url}\n" in second.stdout
    assert call(f"{url}/show")[0] == 200
    assert call(f"{url}/show/no-such-demo")[0] == 404
    # To a path that it doesn't have API Gateway says that a token is missing, not a page.
    assert call(f"{url}/demo")[0] == 403


def test_on_aws_the_workers_image_is_built_and_pushed_as_the_tasks_will_pull_it(
    stack: EmbeddedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/docker.log\n'
        f'[ "$1" != login ] || cat >{tmp_path}/password\n'
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}{os.pathsep}{os.environ['PATH']}")
    # Without AWS_ENDPOINT_URL deploy.sh takes the stack for AWS; each service has its own variable.
    services = ("STS", "CLOUDFORMATION", "ECR", "LAMBDA", "API_GATEWAY")
    endpoints = {f"AWS_ENDPOINT_URL_{name}": stack.endpoint for name in services}
    environment = {**stack.client_environment, **endpoints, "BUILD_DIR": str(tmp_path / "build")}
    del environment["AWS_ENDPOINT_URL"]
    command = ["bash", str(ROOT / "deploy.sh"), "--stage", "cloud"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr

    image = json.loads((tmp_path / "build/cloud/outputs.json").read_text())["WorkerImage"]
    login, build, push = (tmp_path / "docker.log").read_text().splitlines()
    assert login == f"login --username AWS --password-stdin {image.partition('/')[0]}"
    assert (tmp_path / "password").read_text().strip()
    assert build == f"build --platform linux/amd64 --file worker/Dockerfile --tag {image} ."
    assert push == f"push {image}"
    definition = client(stack, "ecs").describe_task_definition(
        taskDefinition="kinesis-demo-cloud-worker"
    )
    (container,) = definition["taskDefinition"]["containerDefinitions"]
    assert container["image"] == image
    assert ".execute-api.us-east-1.amazonaws.com/api\n" in done.stdout


def test_a_deployment_that_fails_says_why_and_deploys_nothing_further(
    stack: EmbeddedStack, checkout: Path, tmp_path: Path
) -> None:
    (checkout / "statemachine.json").write_text("{")
    failed = deployed_from(checkout, stack, tmp_path / "build", "--stage", "broken")
    assert failed.returncode == 1
    assert "error: statemachine.json is not JSON" in failed.stderr
    assert "API and controller" not in failed.stdout


def test_a_change_that_cloudformation_refuses_is_explained(
    stack: EmbeddedStack, checkout: Path, tmp_path: Path
) -> None:
    parameter = ("--parameter", "MetricsPublishInterval=0")
    failed = deployed_from(checkout, stack, tmp_path / "build", "--stage", "refused", *parameter)
    assert failed.returncode == 1
    assert "MetricsPublishInterval" in failed.stderr


def test_stacks_side_by_side_share_nothing_and_ignore_the_users_aws(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "http://127.0.0.1:1"
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDFORMATION", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, nowhere)
    monkeypatch.setenv("AWS_PROFILE", "someone-else")
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    with EmbeddedStack(tmp_path / "other") as other:
        other_url = other.deploy()
        assert call(f"{other_url}/demo", "POST", {"name": "only-here"})[0] == 201
        assert call(f"{other_url}/demo/only-here", "DELETE")[0] == 202
        assert call(f"{url}/demo/only-here")[0] == 404
        assert other.outputs["StateMachineArn"].split(":")[3] == REGION
    assert call(f"{url}/demo")[0] == 200
