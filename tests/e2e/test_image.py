"""deploy.sh on an AWS that runs images: built and pushed once, and docker is asked for before."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import ROOT, EmbeddedStack
from tests.clients import client_of


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


def as_aws(stack: EmbeddedStack, docker: Path, build: Path) -> dict[str, str]:
    """Without AWS_ENDPOINT_URL deploy.sh takes the stack for AWS; each service has a variable."""
    services = (
        "STS",
        "CLOUDFORMATION",
        "ECR",
        "ECS",
        "KINESIS",
        "LAMBDA",
        "API_GATEWAY",
        "SFN",
        "SSM",
    )
    endpoints = {f"AWS_ENDPOINT_URL_{name}": stack.endpoint for name in services}
    endpoints["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = stack.endpoint
    path = f"{docker.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**stack.client_environment, **endpoints, "PATH": path, "BUILD_DIR": str(build)}
    del environment["AWS_ENDPOINT_URL"]
    return environment


def docker_in(folder: Path, script: str) -> Path:
    docker = folder / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(f"#!/bin/sh\n{script}\n")
    docker.chmod(0o755)
    return docker


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(ROOT / "deploy.sh"), *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_on_aws_the_workers_image_is_built_and_pushed_once_as_the_tasks_will_pull_it(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    log = tmp_path / "docker.log"
    docker = docker_in(
        tmp_path, f'echo "$@" >>{log}\n[ "$1" != login ] || cat >{tmp_path}/password'
    )
    environment = as_aws(stack, docker, tmp_path / "build")
    done = run(environment, "--stage", "cloud")
    assert done.returncode == 0, done.stderr

    image = json.loads((tmp_path / "build/cloud/outputs.json").read_text())["WorkerImage"]
    version, login, build, push = log.read_text().splitlines()
    assert version.startswith("version")
    assert login == f"login --username AWS --password-stdin {image.partition('/')[0]}"
    assert (tmp_path / "password").read_text().strip()
    assert build == f"build --platform linux/amd64 --file worker/Dockerfile --tag {image} ."
    assert push == f"push {image}"
    definition = client_of(stack, "ecs").describe_task_definition(
        taskDefinition="kinesis-demo-cloud-worker"
    )
    (container,) = definition["taskDefinition"]["containerDefinitions"]
    assert container["image"] == image
    assert ".execute-api.us-east-1.amazonaws.com/api\n" in done.stdout

    status = run(environment, "status", "--stage", "cloud")
    assert (status.returncode, "NOT in ECR" in status.stdout) == (1, True)
    repository, _colon, tag = image.partition("/")[2].partition(":")
    client_of(stack, "ecr").put_image(repositoryName=repository, imageManifest="{}", imageTag=tag)
    log.unlink()
    assert f"{image}: is there" in run(environment, "--stage", "cloud").stdout
    assert not log.exists()
    assert run(environment, "status", "--stage", "cloud").returncode == 0

    docker.write_text('#!/bin/sh\n[ "$1" != push ]\n')
    unpushed = run(environment, "--stage", "cloud", "--parameter", "WorkerImageTag=next")
    assert (unpushed.returncode, "`docker push` ended with 1" in unpushed.stderr) == (1, True)
    definition = client_of(stack, "ecs").describe_task_definition(
        taskDefinition="kinesis-demo-cloud-worker"
    )
    assert definition["taskDefinition"]["containerDefinitions"][0]["image"] == image


def test_docker_without_its_daemon_is_named_before_anything_is_changed(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    docker = docker_in(tmp_path, "echo Cannot connect to the Docker daemon >&2; exit 1")
    done = run(as_aws(stack, docker, tmp_path / "build"), "--stage", "undocked")
    assert done.returncode == 1
    assert "docker: its daemon does not answer (Cannot connect" in done.stderr
    stacks = client_of(stack, "cloudformation").describe_stacks()["Stacks"]
    assert "kinesis-demo-undocked" not in [found["StackName"] for found in stacks]
