"""The API's routes, called as API Gateway calls them; Step Functions and the rest are moto's."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.stub import Stubber
from chalice.test import HTTPResponse

import app
from chalicelib import aws_errors, clients, definition, demos, errors, names, plan
from tests.control_plane import ENVIRONMENT, STATE_MACHINE, STATE_MACHINE_ARN, client, post

PHASES = [{"target_tps": 1_500, "duration_seconds": 10}, None, None, None]


def fields(response: HTTPResponse) -> set[str]:
    assert response.status_code == 400, response.json_body
    return {field["field"] for field in response.json_body["fields"]}


def input_of(demo_id: str) -> Any:
    arn = f"{STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:{demo_id}"
    return json.loads(client("stepfunctions").describe_execution(executionArn=arn)["input"])


def default_plan() -> Any:
    return definition.default_plan_document()


# POST /demo


def test_a_demo_is_started_and_told_where_to_look(http: Any) -> None:
    response = post(http, {"name": "first", "phases": PHASES})
    assert response.status_code == 201
    body = response.json_body
    assert (body["demoId"], body["status"]) == ("first", "RUNNING")
    assert body["executionArn"].endswith(f":execution:{STATE_MACHINE}:first")
    assert datetime.fromisoformat(body["startDate"]).utcoffset() == timedelta(0)
    assert body["startDate"].endswith("Z")
    assert "GET /demo/first" in body["message"]


def test_the_execution_is_given_the_whole_plan(http: Any) -> None:
    post(http, {"name": "input", "phases": PHASES})
    given = input_of("input")
    assert given["phases"][0] == {"target_tps": 1_500, "task_count": 2, "duration_seconds": 10}
    assert given["phases"][2] == {"target_tps": 50_000, "task_count": 50, "duration_seconds": 120}
    assert set(given) == plan.EXECUTION_KEYS - {"record"}
    assert (given["stream"], given["warm_throughput_mibps"]) == ({"mode": "kept"}, None)


@pytest.mark.parametrize("body", [b"", b"{}", b" \n"])
def test_a_demo_without_a_body_runs_the_default_plan_under_a_new_name(
    http: Any, body: bytes
) -> None:
    response = http.post("/demo", body=body)
    assert response.status_code == 201
    demo_id = response.json_body["demoId"]
    assert names.is_name(demo_id)
    assert input_of(demo_id)["phases"] == default_plan()["phases"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "x"])
def test_the_body_is_json_whatever_the_content_type_says(http: Any, content_type: str) -> None:
    response = post(http, {"name": "typed"}, headers={"Content-Type": content_type})
    assert response.status_code == 201
    assert response.json_body["demoId"] == "typed"


def test_the_query_of_a_post_is_ignored(http: Any) -> None:
    assert http.post("/demo?name=%00&phases=1", body=b"").status_code == 201


def test_the_same_name_again_is_a_conflict_even_with_the_same_plan(http: Any) -> None:
    assert post(http, {"name": "same"}).status_code == 201
    response = post(http, {"name": "same"})
    assert response.status_code == 409
    assert response.json_body["error"] == "DemoExists"
    assert "choose another name" in response.json_body["message"]


def test_every_bad_field_is_named_in_one_answer(offline: Any) -> None:
    body = (
        b'{"phases": [{"target_tps": 0}, 3, {"target_tps": NaN, "duration_seconds": 1e999}],'
        b' "name": "-", "x": 1, "x": 2}'
    )
    response = offline.post("/demo", body=body)
    assert fields(response) == {
        "phases",
        "phases[0].target_tps",
        "phases[0].duration_seconds",
        "phases[1]",
        "phases[2].target_tps",
        "phases[2].duration_seconds",
        "name",
        "x",
    }
    assert response.json_body["error"] == "InvalidDemo"
    assert all(field["try"] for field in response.json_body["fields"])


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{", b"\xff", b"x" * 16_385, b"[" * 9_000, b"NaN", b'"{}"']
)
def test_a_body_that_is_no_json_object_is_named_body(offline: Any, body: bytes) -> None:
    assert fields(offline.post("/demo", body=body)) == {"body"}


@pytest.mark.parametrize(("body", "encoded"), [("\ud800", False), ("A", True)])
@pytest.mark.usefixtures("offline")
def test_a_body_that_cannot_be_decoded_is_named_body(body: str, encoded: bool) -> None:
    event = {
        "requestContext": {"httpMethod": "POST", "resourcePath": "/demo", "requestId": "r-1"},
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": body,
        "isBase64Encoded": encoded,
    }
    answer = app.app(event, None)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["fields"][0]["field"] == "body"


# GET /demo


def test_demos_are_listed_newest_first_page_by_page(http: Any) -> None:
    for name in ("one", "two", "three"):
        post(http, {"name": name})
    first = http.get("/demo?limit=2").json_body
    assert len(first["demos"]) == 2
    assert set(first["demos"][0]) == {"demoId", "status", "startDate", "stopDate"}
    last = http.get(f"/demo?limit=2&token={quote(first['nextToken'])}").json_body
    listed = [demo["demoId"] for demo in first["demos"] + last["demos"]]
    assert listed == ["three", "two", "one"]
    assert last["nextToken"] is None


def test_no_demos_are_an_empty_list(http: Any) -> None:
    assert http.get("/demo").json_body == {"demos": [], "nextToken": None}


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.5", "٣", "9" * 5_000])
def test_a_bad_limit_is_named(offline: Any, limit: str) -> None:
    assert fields(offline.get(f"/demo?limit={quote(limit)}")) == {"limit"}


def test_a_bad_limit_and_a_bad_token_are_both_named(offline: Any) -> None:
    assert fields(offline.get("/demo?limit=x&token=")) == {"limit", "token"}


def test_a_token_that_step_functions_does_not_know_is_named(http: Any) -> None:
    with Stubber(clients.stepfunctions()) as stub:
        stub.add_client_error("list_executions", service_error_code="InvalidToken")
        assert fields(http.get("/demo?token=bogus")) == {"token"}


# When something is wrong


def refused(code: str, status: int = 400, operation: str = "StartExecution") -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        operation,
    )


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (refused("ThrottlingException"), errors.AwsThrottled, "try again"),
        (refused("LimitExceededException"), errors.AwsThrottled, "try again"),
        (refused("Whatever", 429), errors.AwsThrottled, "try again"),
        (refused("AccessDeniedException"), errors.AwsDenied, "states:StartExecution"),
        (
            refused("AccessDeniedException", operation="UpdateService"),
            errors.AwsDenied,
            "ecs:UpdateService",
        ),
        (refused("ExpiredTokenException"), errors.AwsDenied, "credentials"),
        (refused("StateMachineDoesNotExist"), errors.AwsUnavailable, "deploy.sh"),
        (refused("ClusterNotFoundException"), errors.AwsUnavailable, "deploy.sh"),
        (refused("InternalFailure", 500), errors.AwsUnavailable, "try again"),
        (refused("InvalidParameterException"), errors.AwsRefused, "log"),
        (NoCredentialsError(), errors.AwsDenied, "credentials"),
        (NoRegionError(), errors.AwsUnavailable, "configuration"),
        (EndpointConnectionError(endpoint_url="x"), errors.AwsUnavailable, "reached"),
    ],
)
def test_an_error_of_aws_is_told_in_plain_words(
    error: ClientError | BotoCoreError, kind: type[errors.DemoError], words: str
) -> None:
    found = aws_errors.classified(error)
    assert type(found) is kind
    assert words in str(found)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 429),
        ("AccessDeniedException", 502),
        ("InvalidArn", 502),
        ("StateMachineDoesNotExist", 503),
    ],
)
def test_an_error_of_aws_is_answered_and_logged_with_the_request(
    http: Any, capsys: pytest.CaptureFixture[str], code: str, status: int
) -> None:
    with Stubber(clients.stepfunctions()) as stub:
        stub.add_response("list_executions", {"executions": []})
        stub.add_client_error("start_execution", service_error_code=code)
        response = http.post("/demo", body=b"")
    assert response.status_code == status
    assert code in response.json_body["message"]
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["status"], line["method"], line["path"]) == (status, "POST", "/demo")
    assert "request_id" in line


def test_missing_settings_are_all_named(http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name)
    response = http.get("/demo")
    assert response.status_code == 503
    assert response.json_body["error"] == "ConfigurationError"
    assert "STATE_MACHINE_ARN is missing" in response.json_body["message"]
    assert "SECURITY_GROUP_IDS is missing" in response.json_body["message"]


def test_a_mistake_of_our_own_is_logged_but_not_shown(
    http: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a secret")

    monkeypatch.setattr(demos, "page", broken)
    response = http.get("/demo")
    assert response.status_code == 500
    assert "secret" not in response.body.decode()
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert "a secret" in line["trace"]


def test_a_method_that_no_route_has_is_refused(offline: Any) -> None:
    assert offline.put("/demo", body=b"").status_code == 405
