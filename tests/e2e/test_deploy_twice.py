"""Two deployments of one stage at once: the second waits, and what comes of both is one stage."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import ROOT, EmbeddedStack
from tests.clients import client_of
from tests.e2e.deployments import SECONDS, call, environment, present, url_in

STAGE = ("--stage", "twice")
WAITING = "waiting: another deployment of this stage is at work (`deploy.sh "


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


def at_once(stack: EmbeddedStack, *runs: tuple[Path, tuple[str, ...]]) -> list[str]:
    """Runs deploy.sh so often at once, each with its folder for builds; what each said."""
    processes = [
        subprocess.Popen(
            ["bash", str(ROOT / "deploy.sh"), *arguments, *STAGE],
            env=environment(stack, build),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for build, arguments in runs
    ]
    said = [process.communicate(timeout=SECONDS)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(runs), "\n".join(said)
    return said


def interval(stack: EmbeddedStack) -> str:
    """What the base task definition says of MetricsPublishInterval."""
    definition = client_of(stack, "ecs").describe_task_definition(
        taskDefinition="kinesis-demo-twice-worker"
    )
    (container,) = definition["taskDefinition"]["containerDefinitions"]
    values = {pair["name"]: str(pair["value"]) for pair in container["environment"]}
    return values["METRICS_PUBLISH_INTERVAL"]


def turns(stack: EmbeddedStack) -> list[str]:
    return [p["Name"] for p in client_of(stack, "ssm").describe_parameters()["Parameters"]]


def test_of_three_at_once_each_deploys_in_its_turn_and_one_api_comes_of_it(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    """Two of one checkout, and one as if from another machine, with a record of its own."""
    said = at_once(
        stack,
        (tmp_path / "here", ("--parameter", "MetricsPublishInterval=3")),
        (tmp_path / "here", ("--parameter", "MetricsPublishInterval=3")),
        (tmp_path / "there", ("--parameter", "MetricsPublishInterval=3")),
    )
    waits = [text.count(WAITING) for text in said]
    assert max(waits) <= 1
    assert min(waits) == 0  # who comes late may find that nobody is left to wait for
    (api,) = client_of(stack, "apigateway").get_rest_apis()["items"]
    urls = {url_in(text) for text in said}
    assert len(urls) == 1
    assert f"/{api['id']}/" in (url := urls.pop())
    assert call(stack, f"{url}/demo")[0] == 200
    assert len(client_of(stack, "lambda").list_functions()["Functions"]) == 2
    assert interval(stack) == "3"
    assert turns(stack) == []


def test_a_deployment_and_a_removal_at_once_leave_all_or_nothing(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    deployed, removed = at_once(stack, (tmp_path, ("deploy",)), (tmp_path, ("destroy",)))
    assert deployed.count(WAITING) + removed.count(WAITING) <= 1
    left = present(stack)
    if WAITING in removed:
        assert left == {}
    if WAITING in deployed or left:
        assert call(stack, f"{url_in(deployed)}/demo")[0] == 200
        assert len(client_of(stack, "lambda").list_functions()["Functions"]) == 2
    assert turns(stack) == []
