"""deploy.sh against the embedded stack: what it deploys answers, again and side by side."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.api import DemoApi
from deployment import checkout, cleanup_permission
from local.platform import LocalPlatform
from local.stack import REGION, ROOT, EmbeddedStack
from tests.clients import client_of
from tests.e2e.demos import in_phase, plan, proof, whole
from tests.e2e.deployments import call, deploy_sh, url_in

CHECKOUT = ["api", "deployment", "requirements", "worker", "deploy.sh"]
CHECKOUT += ["infrastructure.yaml", "statemachine.json"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module")
def url(stack: EmbeddedStack) -> str:
    return stack.deploy()


@pytest.fixture
def changeable(tmp_path: Path) -> Path:
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


def test_the_api_reads_and_starts_and_stops_demos_through_api_gateway(
    stack: EmbeddedStack, url: str
) -> None:
    assert call(stack, f"{url}/demo")[0] == 200
    status, started = call(stack, f"{url}/demo", "POST", {"name": "through-the-gateway"})
    assert (status, started["status"]) == (201, "RUNNING")
    status, shown = call(stack, f"{url}/demo/{started['demoId']}")
    assert (status, shown["executionArn"]) == (200, started["executionArn"])
    assert call(stack, f"{url}/demo/{started['demoId']}", "DELETE")[0] == 202


def test_what_the_api_refuses_arrives_as_it_said_it(stack: EmbeddedStack, url: str) -> None:
    status, answer = call(stack, f"{url}/demo", "POST", {"phases": "four"})
    assert (status, answer["error"]) == (400, "InvalidDemo")
    assert call(stack, f"{url}/demo/no-such-demo")[0] == 404


def test_the_workflow_reaches_the_controller(stack: EmbeddedStack, url: str) -> None:
    definition = json.loads(
        client_of(stack, "stepfunctions").describe_state_machine(
            stateMachineArn=stack.outputs["StateMachineArn"]
        )["definition"]
    )
    tasks = [s["Parameters"] for s in definition["States"].values() if s["Type"] == "Task"]
    functions = {parameters["FunctionName"].rpartition(":")[2] for parameters in tasks}
    assert functions == {"kinesis-demo-local-controller"}
    configuration = client_of(stack, "lambda").get_function_configuration(
        FunctionName=functions.pop()
    )
    assert configuration["Role"] == stack.outputs["ControllerRoleArn"]
    assert url


def test_a_client_sees_how_the_base_task_definition_watches_and_confines_its_container(
    stack: EmbeddedStack, url: str
) -> None:
    family = stack.outputs["TaskDefinitionFamily"]
    answer = client_of(stack, "ecs").describe_task_definition(taskDefinition=family)
    (container,) = answer["taskDefinition"]["containerDefinitions"]
    assert container["healthCheck"]["command"] == ["CMD", "python", "-m", "worker.health"]
    assert {"name": "METRICS_PUBLISH_INTERVAL", "value": "1"} in container["environment"]
    assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    assert url


def test_deploying_again_changes_nothing(stack: EmbeddedStack, url: str) -> None:
    outputs = stack.outputs
    ecs = client_of(stack, "ecs")
    revisions = ecs.list_task_definitions(familyPrefix=outputs["TaskDefinitionFamily"])
    for _ in range(2):  # the second update meets what the first one left
        assert stack.deploy() == url
    again = ecs.list_task_definitions(familyPrefix=outputs["TaskDefinitionFamily"])
    assert again["taskDefinitionArns"] == revisions["taskDefinitionArns"]
    assert stack.outputs == outputs
    assert call(stack, f"{url}/demo")[0] == 200
    apis = client_of(stack, "apigateway").get_rest_apis()["items"]
    assert [api["endpointConfiguration"]["types"] for api in apis] == [["EDGE"]]


def test_a_changed_route_is_served_and_a_removed_one_is_not(
    stack: EmbeddedStack, changeable: Path, tmp_path: Path
) -> None:
    stage = ("--stage", "changing")
    first = deploy_sh(stack, tmp_path / "build", *stage, checkout=changeable)
    assert first.returncode == 0, first.stderr
    url = url_in(first.stdout)
    assert call(stack, f"{url}/demo")[0] == 200

    app = changeable / "api/app.py"
    app.write_text(app.read_text().replace('"/demo', '"/show'))
    second = deploy_sh(stack, tmp_path / "build", *stage, checkout=changeable)
    assert second.returncode == 0, second.stderr
    assert f"API: {url}\n" in second.stdout
    assert second.stdout.count("worker image: none") == 1
    assert call(stack, f"{url}/show")[0] == 200
    assert call(stack, f"{url}/show/no-such-demo")[0] == 404
    # To a path that it doesn't have API Gateway says that a token is missing, not a page.
    assert call(stack, f"{url}/demo")[0] == 403


def test_a_dry_run_says_what_would_be_done_and_does_not_do_it(
    stack: EmbeddedStack, url: str, tmp_path: Path
) -> None:
    parameter = ("--parameter", "MetricsPublishInterval=7")
    new = deploy_sh(stack, tmp_path, "--dry-run", "--stage", "unborn")
    assert "stack kinesis-demo-unborn: would be created" in new.stdout
    assert "REST API: would be created" in new.stdout
    assert deploy_sh(stack, tmp_path, "status", "--stage", "unborn").returncode == 3

    same = deploy_sh(stack, tmp_path, "--dry-run", "--stage", "local")
    assert "stack kinesis-demo-local: no resources would change" in same.stdout
    for _ in range(2):  # the first one's change set is in nobody's way
        dry = deploy_sh(
            stack, tmp_path, "--dry-run", "--stage", "local", "--auth", "none", *parameter
        )
        assert "1 resources would change\n  modify WorkerTaskDefinition" in dry.stdout
        assert "who may call: iam would become none" in dry.stdout
        assert "WARNING: --auth none: " in dry.stdout
    cloudformation = client_of(stack, "cloudformation")
    assert cloudformation.list_change_sets(StackName="kinesis-demo-local")["Summaries"] == []
    (description,) = cloudformation.describe_stacks(StackName="kinesis-demo-local")["Stacks"]
    values = {p["ParameterKey"]: p["ParameterValue"] for p in description["Parameters"]}
    assert values["MetricsPublishInterval"] == "1"
    assert call(stack, f"{url}/demo")[0] == 200


def test_opening_the_api_lasts_until_the_next_deployment_and_a_parameter_for_good(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    functions = client_of(stack, "lambda")

    def auth() -> str:
        name = "kinesis-demo-open"
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]
        return str(variables["Variables"]["API_AUTH"])

    def interval() -> str:
        definition = client_of(stack, "ecs").describe_task_definition(
            taskDefinition="kinesis-demo-open-worker"
        )
        (container,) = definition["taskDefinition"]["containerDefinitions"]
        values = {pair["name"]: str(pair["value"]) for pair in container["environment"]}
        return values["METRICS_PUBLISH_INTERVAL"]

    options = ("--auth", "none", "--parameter", "MetricsPublishInterval=3")
    opened = deploy_sh(stack, tmp_path, "--stage", "open", *options)
    assert opened.stderr.startswith("WARNING: --auth none: whoever has the URL can start demos")
    assert (auth(), interval()) == ("none", "3")
    stranger = DemoApi(url_in(opened.stdout), None)
    assert stranger.ask("GET", "/demo").status == 200
    closed = deploy_sh(stack, tmp_path, "--stage", "open")
    assert closed.stderr == ""
    assert "curl --aws-sigv4 aws:amz:us-east-1:execute-api" in closed.stdout.replace('"', "")
    assert (auth(), interval()) == ("iam", "3")
    assert stranger.ask("GET", "/demo").status == 403


def test_the_clean_up_rule_may_call_the_controller_and_no_former_one(
    stack: EmbeddedStack, url: str
) -> None:
    functions = client_of(stack, "lambda")
    controller = "kinesis-demo-local-controller"

    def allowed() -> str | None:
        policy = json.loads(functions.get_policy(FunctionName=controller)["Policy"])
        (statement,) = policy["Statement"]
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Action"] == "lambda:InvokeFunction"
        return cleanup_permission.rule_allowed(policy)

    rule = stack.outputs["CleanupRuleArn"]
    assert allowed() == rule
    assert url
    for other in (f"{rule}-of-another-name", rule):
        cleanup_permission.allow(functions, checkout.stage_named("local"), other)
        assert allowed() == other


def test_a_demo_runs_through_a_redeployment_and_loses_nothing(platform: LocalPlatform) -> None:
    demo_id = platform.api.start(plan(seconds=(5, 12, 5, 5)))["demoId"]
    in_phase(platform, demo_id, 2)
    without = ("--stage", "local", "--parameter", "KeptStream=no")
    refused = deploy_sh(platform.stack, Path("/nowhere/to/be/written"), *without)
    assert f"KeptStream: another value would take away what running demos use ({demo_id}" in (
        refused.stderr
    )
    platform.stack.deploy()
    summary = proof(platform, demo_id)
    whole(summary)
    assert summary.generated == summary.delivered > 0


def test_a_deployment_that_fails_says_why_and_deploys_nothing_further(
    stack: EmbeddedStack, changeable: Path, tmp_path: Path
) -> None:
    (changeable / "statemachine.json").write_text("{")
    failed = deploy_sh(stack, tmp_path / "build", "--stage", "broken", checkout=changeable)
    assert failed.returncode == 1
    assert "error: statemachine.json is not JSON" in failed.stderr
    assert "API and controller" not in failed.stdout


def test_a_change_that_cloudformation_refuses_is_explained(
    stack: EmbeddedStack, tmp_path: Path
) -> None:
    parameter = ("--parameter", "MetricsPublishInterval=0")
    failed = deploy_sh(stack, tmp_path / "build", "--stage", "refused", *parameter)
    assert failed.returncode == 1
    assert "MetricsPublishInterval" in failed.stderr


def test_stacks_side_by_side_share_nothing_and_ignore_the_users_aws(
    stack: EmbeddedStack, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "http://127.0.0.1:1"
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDFORMATION", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, nowhere)
    monkeypatch.setenv("AWS_PROFILE", "someone-else")
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    with EmbeddedStack(tmp_path / "other") as other:
        other_url = other.deploy()
        assert call(other, f"{other_url}/demo", "POST", {"name": "only-here"})[0] == 201
        assert call(other, f"{other_url}/demo/only-here", "DELETE")[0] == 202
        assert call(stack, f"{url}/demo/only-here")[0] == 404
        assert other.outputs["StateMachineArn"].split(":")[3] == REGION
    assert call(stack, f"{url}/demo")[0] == 200
