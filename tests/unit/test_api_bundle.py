"""The copy of api/ that Chalice deploys: whole, up to date, configured from the stack's outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployment.api_bundle import MissingOutputsError, configuration, make
from deployment.api_url import NotDeployedError, api_url

OUTPUTS = {
    "StateMachineArn": "arn:machine",
    "ClusterName": "cluster",
    "TaskDefinitionFamily": "family",
    "StreamName": "stream",
    "SubnetIds": "subnet-1,subnet-2",
    "SecurityGroupId": "sg-1",
    "ApiRoleArn": "arn:api-role",
    "ControllerRoleArn": "arn:controller-role",
    "MaxTps": "5",
    "KeptStream": "yes",
    "Monitoring": "off",
    "MaxDemos": "6",
    "MaxDurationSeconds": "7",
    "LogGroupName": "not needed here",
}


@pytest.fixture
def api(tmp_path: Path) -> Path:
    """An api/ folder with a link out of it, as ours has."""
    folder = tmp_path / "checkout/api"
    (folder / ".chalice/deployed").mkdir(parents=True)
    (folder / ".chalice/deployed/production.json").write_text("the checkout's own")
    (folder / ".chalice/config.json").write_text('{"app_name": "a", "stages": {"local": {}}}')
    (folder / "chalicelib/__pycache__").mkdir(parents=True)
    (folder / "chalicelib/__pycache__/plan.pyc").write_bytes(b"")
    (folder / "app.py").write_text("app")
    (tmp_path / "checkout/statemachine.json").write_text("the workflow")
    (folder / "chalicelib/statemachine.json").symlink_to("../../statemachine.json")
    return folder


def test_the_functions_environment_comes_from_the_stacks_outputs() -> None:
    config = configuration({"stages": {"local": {"xray": False}}}, "local", OUTPUTS)
    assert config["stages"]["local"]["environment_variables"] == {
        "STATE_MACHINE_ARN": "arn:machine",
        "ECS_CLUSTER": "cluster",
        "TASK_DEFINITION_FAMILY": "family",
        "STREAM_NAME": "stream",
        "KEPT_STREAM": "yes",
        "MONITORING": "off",
        "SUBNET_IDS": "subnet-1,subnet-2",
        "SECURITY_GROUP_IDS": "sg-1",
        "MAX_TPS": "5",
        "MAX_DEMOS": "6",
        "MAX_DURATION_SECONDS": "7",
        "PER_TASK_CAPACITY": "1000",
        "API_AUTH": "iam",
    }


def test_who_may_call_reaches_the_functions() -> None:
    config = configuration({}, "local", OUTPUTS, auth="none")
    assert config["stages"]["local"]["environment_variables"]["API_AUTH"] == "none"


def test_each_function_has_its_own_role() -> None:
    config = configuration({}, "local", OUTPUTS)
    assert config["stages"]["local"]["lambda_functions"] == {
        "api_handler": {"iam_role_arn": "arn:api-role"},
        "controller": {"iam_role_arn": "arn:controller-role"},
    }


def test_what_the_configuration_says_already_is_kept() -> None:
    base = {"app_name": "a", "stages": {"production": {"xray": True}, "local": {"xray": False}}}
    config = configuration(base, "local", OUTPUTS)
    assert config["app_name"] == "a"
    assert config["stages"]["production"] == {"xray": True}
    assert config["stages"]["local"]["xray"] is False


def test_every_missing_output_is_named() -> None:
    outputs = {key: OUTPUTS[key] for key in OUTPUTS.keys() - {"StreamName", "ApiRoleArn"}}
    with pytest.raises(MissingOutputsError, match="ApiRoleArn, StreamName"):
        configuration({}, "local", outputs)


def test_a_link_becomes_the_file_that_it_points_to(api: Path, tmp_path: Path) -> None:
    make(api, tmp_path / "bundle", "local", OUTPUTS)
    copied = tmp_path / "bundle/chalicelib/statemachine.json"
    assert (copied.is_symlink(), copied.read_text()) == (False, "the workflow")


def test_the_checkout_stays_as_it_was(api: Path, tmp_path: Path) -> None:
    before = (api / ".chalice/config.json").read_text()
    make(api, tmp_path / "bundle", "local", OUTPUTS)
    assert (api / ".chalice/config.json").read_text() == before
    rendered = json.loads((tmp_path / "bundle/.chalice/config.json").read_text())
    assert rendered["stages"]["local"]["environment_variables"]["STREAM_NAME"] == "stream"


def test_a_second_copy_drops_what_is_gone_and_keeps_chalices_record(
    api: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    make(api, bundle, "local", OUTPUTS)
    record = bundle / ".chalice/deployed/local.json"
    record.parent.mkdir()
    record.write_text("{}")
    (bundle / ".chalice/deployments").mkdir()
    (bundle / ".chalice/deployments/old.zip").write_bytes(b"")
    (api / "chalicelib/new.py").write_text("new")
    (api / "app.py").unlink()
    make(api, bundle, "local", OUTPUTS)
    files = {str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file()}
    assert files == {
        ".chalice/config.json",
        ".chalice/deployed/local.json",
        "chalicelib/new.py",
        "chalicelib/statemachine.json",
    }


def deployed_api(bundle: Path) -> Path:
    resources = [
        {"resource_type": "lambda_function", "name": "controller"},
        {
            "resource_type": "rest_api",
            "rest_api_id": "abc123",
            "rest_api_url": "https://abc123.execute-api.us-east-1.amazonaws.com/api/",
        },
    ]
    (bundle / ".chalice/deployed").mkdir(parents=True)
    record = bundle / ".chalice/deployed/local.json"
    record.write_text(json.dumps({"resources": resources}))
    return bundle


@pytest.mark.parametrize("endpoint", [None, ""])
def test_on_aws_the_api_is_where_chalice_says(tmp_path: Path, endpoint: str | None) -> None:
    url = api_url(deployed_api(tmp_path), "local", endpoint)
    assert url == "https://abc123.execute-api.us-east-1.amazonaws.com/api"


def test_at_an_endpoint_the_api_is_a_path_of_it(tmp_path: Path) -> None:
    url = api_url(deployed_api(tmp_path), "local", "http://127.0.0.1:4566/")
    assert url == "http://127.0.0.1:4566/restapis/abc123/api/_user_request_"


def test_a_stage_that_was_never_deployed_has_no_url(tmp_path: Path) -> None:
    with pytest.raises(NotDeployedError, match="production"):
        api_url(deployed_api(tmp_path), "production", None)
