"""A Swagger document becomes the API Gateway calls that make the same API, and no others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from chalice.app import Chalice, IAMAuthorizer
from chalice.deploy.swagger import SwaggerGenerator
from hypothesis import given
from hypothesis import strategies as st

from local.gateway import mended_operations
from local.swagger import Call, UnsupportedSwaggerError, calls, settings

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:api"
NEW: dict[str, list[str]] = {"/": []}


def document(app: Chalice) -> dict[str, Any]:
    """The document that Chalice itself makes of an application."""
    swagger: dict[str, Any] = SwaggerGenerator(
        "us-east-1", {"api_handler_arn": FUNCTION}
    ).generate_swagger(app)
    return swagger


def application(*routes: tuple[str, list[str]], **options: Any) -> Chalice:
    app = Chalice(app_name="an-api")
    for path, methods in routes:
        app.route(path, methods=methods, **options)(lambda **_: {})
    return app


def tree_after(existing: dict[str, list[str]], steps: Iterable[Call]) -> dict[str, set[str]]:
    """What API Gateway has after these calls; fails on a call that it would refuse."""
    tree = {path: set(methods) for path, methods in existing.items()}
    for call in steps:
        assert call.resource in tree, f"{call} addresses a resource that isn't there"
        method = call.suffix.removeprefix("/methods/").partition("/")[0]
        if call.child:
            assert call.child not in tree
            tree[call.child] = set()
        elif call.verb == "PUT":
            tree[call.resource].add(method)
        elif method:
            tree[call.resource].remove(method)
        else:
            below = [path for path in tree if path.startswith(f"{call.resource}/")]
            assert not below, f"{call} would leave {below} without a parent"
            del tree[call.resource]
    return tree


def test_a_new_api_gets_each_part_of_a_path_once_and_parents_first() -> None:
    swagger = document(application(("/demo", ["POST"]), ("/demo/{demo_id}", ["GET", "DELETE"])))
    steps = calls(swagger, NEW)
    assert [(call.resource, call.body["pathPart"]) for call in steps if call.child] == [
        ("/", "demo"),
        ("/demo", "{demo_id}"),
    ]
    assert tree_after(NEW, steps) == {
        "/": set(),
        "/demo": {"POST"},
        "/demo/{demo_id}": {"GET", "DELETE"},
    }


def test_a_method_is_put_before_its_integration_which_invokes_the_function() -> None:
    steps = calls(document(application(("/demo", ["POST"]))), NEW)
    method, integration = (call for call in steps if call.suffix)
    assert (method.suffix, method.body["authorizationType"]) == ("/methods/POST", "NONE")
    assert integration.suffix == "/methods/POST/integration"
    assert integration.body["type"] == "AWS_PROXY"
    assert integration.body["httpMethod"] == "POST"
    assert integration.body["uri"].endswith(f"{FUNCTION}/invocations")


def test_a_route_at_the_root_needs_no_resource() -> None:
    steps = calls(document(application(("/", ["GET"]))), NEW)
    assert tree_after(NEW, steps) == {"/": {"GET"}}


def test_a_changed_api_keeps_what_stays_and_loses_what_is_gone() -> None:
    existing = {"/": ["GET"], "/demo": ["POST"], "/old": [], "/old/{id}": ["GET"]}
    swagger = document(application(("/demo", ["GET"]), ("/new", ["GET"])))
    steps = calls(swagger, existing)
    assert tree_after(existing, steps) == {"/": set(), "/demo": {"GET"}, "/new": {"GET"}}


def test_an_iam_guarded_route_stays_guarded() -> None:
    app = application(("/demo", ["POST"]), authorizer=IAMAuthorizer())
    methods = [call for call in calls(document(app), NEW) if call.suffix == "/methods/POST"]
    assert [call.body["authorizationType"] for call in methods] == ["AWS_IAM"]


def test_an_api_key_stays_required() -> None:
    app = application(("/demo", ["POST"]), api_key_required=True)
    methods = [call for call in calls(document(app), NEW) if call.suffix == "/methods/POST"]
    assert [call.body["apiKeyRequired"] for call in methods] == [True]


def test_a_guard_that_would_be_lost_is_refused() -> None:
    swagger = document(application(("/demo", ["POST"])))
    swagger["paths"]["/demo"]["post"]["security"] = [{"pool": []}]
    swagger["securityDefinitions"] = {"pool": {"type": "apiKey", "name": "Authorization"}}
    with pytest.raises(UnsupportedSwaggerError, match="pool"):
        calls(swagger, NEW)


def test_a_resource_policy_that_would_be_lost_is_refused() -> None:
    swagger = document(application(("/demo", ["POST"])))
    swagger["x-amazon-apigateway-policy"] = {"Statement": []}
    with pytest.raises(UnsupportedSwaggerError, match="policy"):
        calls(swagger, NEW)


def test_an_apis_settings_are_its_name_its_version_and_its_binary_types() -> None:
    app = application(("/demo", ["GET"]))
    assert settings(document(app)) == {
        "name": "an-api",
        "version": "1.0",
        "binaryMediaTypes": app.api.binary_types,
    }


def test_a_patch_without_a_value_is_dropped() -> None:
    compression = {"op": "replace", "path": "/minimumCompressionSize", "value": ""}
    name = {"op": "replace", "path": "/name", "value": "x"}
    assert mended_operations([compression, name]) == [name]


def test_an_endpoint_type_is_replaced_as_a_whole() -> None:
    patch = {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"}
    assert mended_operations([patch]) == [
        {"op": "replace", "path": "/endpointConfiguration", "value": {"types": ["REGIONAL"]}}
    ]


PATHS = st.lists(st.sampled_from(["a", "b", "{id}"]), max_size=3).map(lambda p: "/" + "/".join(p))
METHODS = st.sets(st.sampled_from(["get", "post", "delete"]), min_size=1)
APIS = st.dictionaries(PATHS, METHODS, max_size=6)


def swagger_of(api: dict[str, set[str]]) -> dict[str, Any]:
    integration = {"x-amazon-apigateway-integration": {"type": "aws_proxy"}}
    return {"paths": {path: dict.fromkeys(methods, integration) for path, methods in api.items()}}


@given(before=APIS, after=APIS)
def test_any_api_can_be_turned_into_any_other(
    before: dict[str, set[str]], after: dict[str, set[str]]
) -> None:
    as_it_was = tree_after(NEW, calls(swagger_of(before), NEW))
    existing = {path: sorted(methods) for path, methods in as_it_was.items()}
    became = tree_after(existing, calls(swagger_of(after), existing))
    assert became == tree_after(NEW, calls(swagger_of(after), NEW))
    methods = {path: found for path, found in became.items() if found}
    assert methods == {path: {m.upper() for m in wanted} for path, wanted in after.items()}
