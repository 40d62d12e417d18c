"""deploy.sh, killed at each of its steps and run again: it completes, or destroys, all the same.

Killed at one step after the other: each run has to go on from the former's end to be killed later.
Which is so whether a kill comes in time or, on a slow machine, one or more steps later.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from local.stack import EmbeddedStack
from tests.clients import client_of
from tests.e2e.deployments import call, deploy_sh, killed, present, url_in

CONTROLLER = (
    "Creating lambda function: kinesis-demo-cut-controller",
    "Updating lambda function: kinesis-demo-cut-controller",
)
API = ("Creating Rest API", "Updating rest API")
STEPS = [("== infrastructure",), CONTROLLER, API, ("== clean-up rule",)]
REMOVALS = ["== demos", "REST API", "== infrastructure"]
STAGE = ("--stage", "cut")
KILLED = {-signal.SIGKILL, 0}
STACK = "kinesis-demo-cut"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


def line(*starts: str) -> Callable[[str], bool]:
    return lambda said: said.startswith(starts)


def completes(stack: EmbeddedStack, build: Path) -> None:
    """Deploying goes through, and what there is afterwards is one deployment, not two."""
    done = deploy_sh(stack, build, *STAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    url = url_in(done.stdout)
    assert call(stack, f"{url}/demo")[0] == 200
    (api,) = client_of(stack, "apigateway").get_rest_apis()["items"]
    assert f"/{api['id']}/" in url
    assert len(client_of(stack, "lambda").list_functions()["Functions"]) == 2
    assert deploy_sh(stack, build, "status", *STAGE).returncode == 0


def destroys(stack: EmbeddedStack, build: Path) -> None:
    done = deploy_sh(stack, build, "destroy", *STAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert present(stack) == {}


def test_killed_at_each_step_in_turn_it_goes_on_from_there_and_completes(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    for step in STEPS:
        assert killed(stack, tmp_path, *STAGE, at=line(*step)) in KILLED
    completes(stack, tmp_path)
    destroys(stack, tmp_path)


@pytest.mark.parametrize("step", [CONTROLLER, API])
def test_killed_at_a_step_it_can_be_destroyed(
    stack: EmbeddedStack, tmp_path: Path, step: tuple[str, ...]
) -> None:
    killed(stack, tmp_path, *STAGE, at=line(*step))
    destroys(stack, tmp_path)


def test_a_destruction_killed_at_each_step_in_turn_and_run_again_leaves_nothing(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    assert deploy_sh(stack, tmp_path, *STAGE).returncode == 0
    for number in range(len(REMOVALS)):
        at = line(*REMOVALS[number:], "nothing ")
        assert killed(stack, tmp_path, "destroy", *STAGE, at=at) in KILLED
    destroys(stack, tmp_path)


def test_interrupted_it_ends_with_130_and_goes_on(stack: EmbeddedStack, tmp_path: Path) -> None:
    for by in (signal.SIGINT, signal.SIGTERM):
        codes = (killed(stack, tmp_path, *STAGE, at=line("== API"), by=by) for _ in range(5))
        assert next((code for code in codes if code), 0) == 130
    completes(stack, tmp_path)
    destroys(stack, tmp_path)


def test_an_api_that_an_interrupted_deployment_left_beside_another_goes(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    first = deploy_sh(stack, tmp_path / "one", *STAGE)
    url = url_in(first.stdout)
    apigateway = client_of(stack, "apigateway")
    (api,) = apigateway.get_rest_apis()["items"]
    # Killed before Chalice wrote its record, a deployment leaves an API that nobody knows of.
    stray = apigateway.create_rest_api(name=api["name"])["id"]
    root = apigateway.get_resources(restApiId=stray)["items"][0]["id"]
    where = {"restApiId": stray, "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**where, authorizationType="NONE")
    arn = client_of(stack, "lambda").get_function(FunctionName=STACK)["Configuration"][
        "FunctionArn"
    ]
    region = "us-east-1"
    apigateway.put_integration(
        **where,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    foreign = apigateway.create_rest_api(name=api["name"])["id"]
    rmtree(tmp_path / "one")
    second = deploy_sh(stack, tmp_path / "two", *STAGE)
    assert url_in(second.stdout) == url
    left = {found["id"] for found in apigateway.get_rest_apis()["items"]}
    assert left == {api["id"], foreign}
    apigateway.delete_rest_api(restApiId=foreign)
    destroys(stack, tmp_path / "two")
