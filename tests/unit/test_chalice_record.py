"""What Chalice is told of what is deployed: its record, made from what is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chalice.config import DeployedResources

from deployment.api_url import address, api_url
from deployment.chalice_record import api_to_keep, record_of, recorded_api
from deployment.functions import Function
from deployment.rest_apis import function_of

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:kinesis-demo-x"
FUNCTIONS = {
    "controller": Function("kinesis-demo-x-controller", f"{ARN}-controller", True, "iam"),
    "api_handler": Function("kinesis-demo-x", ARN, True, "iam"),
}


def test_chalice_reads_the_record_as_its_own() -> None:
    deployed = DeployedResources(record_of(FUNCTIONS, "abc", "api"))
    assert deployed.resource_names() == ["controller", "api_handler", "rest_api"]
    assert deployed.resource_values("rest_api")["rest_api_id"] == "abc"
    assert deployed.resource_values("controller")["lambda_arn"] == f"{ARN}-controller"


def test_the_apis_url_is_that_of_its_region(tmp_path: Path) -> None:
    record = tmp_path / ".chalice/deployed/x.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps(record_of(FUNCTIONS, "abc", "api")))
    assert api_url(tmp_path, "x", None) == "https://abc.execute-api.eu-west-1.amazonaws.com/api"
    assert address("abc", "cn-north-1", "api").endswith(".cn-north-1.amazonaws.com.cn/api")


def test_without_an_api_chalice_makes_one() -> None:
    assert record_of({}, None, "api")["resources"] == []
    names = [r["name"] for r in record_of(FUNCTIONS, None, "api")["resources"]]
    assert names == ["controller", "api_handler"]


@pytest.mark.parametrize(
    ("found", "recorded", "kept"),
    [
        (["old", "new"], "new", "new"),
        (["old", "new"], None, "old"),
        (["old"], "deleted-since", "old"),
        ([], "deleted-since", None),
    ],
)
def test_the_recorded_api_stays_else_the_oldest(
    found: list[str], recorded: str | None, kept: str | None
) -> None:
    assert api_to_keep(found, recorded) == kept


@pytest.mark.parametrize("text", ["", '{"resour', "{}", '{"resources": []}'])
def test_a_record_that_was_cut_short_names_no_api(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert recorded_api(tmp_path / "x.json") is None
    assert recorded_api(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    ("uri", "function"),
    [
        (f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{ARN}/invocations", "x"),
        (f"arn:aws:apigateway:eu-west-1:lambda:path/x/functions/{ARN}:live/invocations", "x"),
        ("https://example.com/function/", ""),
        ("", ""),
    ],
)
def test_an_integration_names_the_function_that_it_calls(uri: str, function: str) -> None:
    assert function_of(uri).removeprefix("kinesis-demo-") == function
