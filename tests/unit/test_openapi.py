"""docs/openapi.yaml says what app.py and its rules say: routes, statuses, keys and limits."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from chalice.app import IAMAuthorizer

import app
from chalicelib import (
    demos,
    json_body,
    judging,
    names,
    plan,
    stream_choice,
    thresholds,
    timeseries,
)
from chalicelib.template.parser import MOST_TEMPLATE_BYTES
from chalicelib.thresholds import Metric, Verdict

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "docs/openapi.yaml").read_text()
)
METHODS = {"get", "post", "delete", "put", "patch"}
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    (path, method.upper()): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}


def routes() -> dict[tuple[str, str], Any]:
    return {
        (path, method): route
        for path, methods in app.app.routes.items()
        for method, route in methods.items()
    }


def test_document_and_code_have_the_same_routes() -> None:
    assert OPERATIONS.keys() == routes().keys()


def test_each_route_documents_its_own_success() -> None:
    successes = {
        key: {status for status in operation["responses"] if status < "300"}
        for key, operation in OPERATIONS.items()
    }
    assert successes == {
        ("/demo", "POST"): {"200", "201"},
        ("/demo", "GET"): {"200"},
        ("/demo/{demo_id}", "GET"): {"200"},
        ("/demo/{demo_id}", "DELETE"): {"202"},
        ("/demo/{demo_id}/metrics", "GET"): {"200"},
    }


def test_every_status_of_an_error_is_documented_and_no_other() -> None:
    gateways_own = {"403", "413", "504"}
    of_errors = {str(status) for status in app._STATUS.values()} | {"500"}
    documented = {status for operation in OPERATIONS.values() for status in operation["responses"]}
    assert {status for status in documented if status >= "400"} == of_errors | gateways_own


@pytest.mark.parametrize("key", OPERATIONS)
def test_every_route_may_be_refused_throttled_or_broken(key: tuple[str, str]) -> None:
    assert OPERATIONS[key]["responses"].keys() >= {"403", "429", "500", "502", "503", "504"}


def test_every_error_that_the_document_names_is_one_of_the_codes() -> None:
    text = yaml.dump(DOCUMENT)
    for error in app._STATUS:
        code = app._CODE.get(error, error.__name__)
        if app._STATUS[error] not in (400, 429) or code == "TooManyDemos":
            assert f"`{code}`" in text


def test_a_demos_keys_are_those_that_the_code_takes() -> None:
    assert SCHEMAS["NewDemo"]["properties"].keys() == plan.POST_KEYS
    assert SCHEMAS["NewDemo"]["additionalProperties"] is False
    assert SCHEMAS["NewPhase"]["properties"].keys() == plan._ENTRY_KEYS
    assert SCHEMAS["NewPhase"]["additionalProperties"] is False
    modes = SCHEMAS["NewDemo"]["properties"]["stream"]["properties"]["mode"]["enum"]
    assert modes == [str(mode) for mode in stream_choice.StreamMode]


def test_the_limits_are_those_of_the_code() -> None:
    demo, phase = SCHEMAS["NewDemo"]["properties"], SCHEMAS["NewPhase"]["properties"]
    assert demo["phases"]["minItems"] == demo["phases"]["maxItems"] == plan.PHASES
    assert phase["target_tps"]["maximum"] == plan.MAX_TARGET_TPS
    assert phase["duration_seconds"]["maximum"] == plan.MAX_DURATION_SECONDS
    assert phase["task_count"]["maximum"] == plan.MAX_TASK_COUNT
    assert demo["warm_throughput_mibps"]["maximum"] == stream_choice.MAX_WARM_MIBPS
    assert demo["record"]["maxLength"] == MOST_TEMPLATE_BYTES
    limit, token = (p["schema"] for p in OPERATIONS["/demo", "GET"]["parameters"])
    assert (limit["default"], limit["maximum"]) == (demos.DEFAULT_LIMIT, demos.MAX_LIMIT)
    assert token["maxLength"] == demos._MAX_TOKEN_LENGTH
    too_large = DOCUMENT["components"]["responses"]["TooLarge"]["description"]
    assert f"{json_body.MAX_BODY_BYTES // 1024} KiB" in too_large


def test_a_demos_series_have_the_names_and_limits_of_the_code() -> None:
    series = SCHEMAS["DemoSeries"]["properties"]["series"]
    names_of_all = {"target_tps", *timeseries.SERIES}
    assert set(series["required"]) == series["properties"].keys() == names_of_all
    assert {one["maxItems"] for one in series["properties"].values()} == {timeseries.MAX_PERIODS}
    since, period = (
        p["schema"] for p in OPERATIONS["/demo/{demo_id}/metrics", "GET"]["parameters"]
    )
    assert since["maximum"] == timeseries.MAX_SINCE
    short, long = period["anyOf"]
    assert (tuple(short["enum"]), long["maximum"]) == (
        timeseries.SHORT_PERIODS,
        timeseries.MAX_PERIOD,
    )


def test_thresholds_are_documented_as_they_are_read_and_answered() -> None:
    demo, one, verdict = (SCHEMAS[name] for name in ("NewDemo", "Threshold", "Verdict"))
    assert demo["properties"]["thresholds"]["maxItems"] == thresholds.MAX_THRESHOLDS
    assert one["maxLength"] == thresholds.MAX_LENGTH
    assert [choice["pattern"] for choice in one["anyOf"]] == [*thresholds.patterns()]
    threshold = thresholds.parse("phase 1: lost<1%")
    (told,) = judging.to_json([Verdict(threshold, 0.5, ok=True)])
    assert set(verdict["required"]) == verdict["properties"].keys() == told.keys()
    assert verdict["properties"]["metric"]["enum"] == [str(metric) for metric in Metric]
    assert set(verdict["properties"]["operator"]["enum"]) == {*thresholds._OPERATORS}
    assert {*verdict["properties"]["unit"]["enum"]} == {*thresholds.UNITS.values(), "%"}
    text = demo["properties"]["thresholds"]["description"]
    assert all(f"`{metric}`" in text for metric in Metric)


def test_names_and_ids_have_the_patterns_of_the_code() -> None:
    (demo_id,) = {
        item["parameters"][0]["schema"]["pattern"]
        for path, item in DOCUMENT["paths"].items()
        if "{demo_id}" in path
    }
    assert SCHEMAS["NewDemo"]["properties"]["name"]["pattern"] == f"^{names._NAME.pattern}$"
    assert demo_id == f"^{names._DEMO_ID.pattern}$"


def test_every_route_wants_a_signature_in_the_document_and_in_the_code() -> None:
    assert DOCUMENT["security"] == [{"sigv4": []}]
    assert not any("security" in operation for operation in OPERATIONS.values())
    assert all(isinstance(route.authorizer, IAMAuthorizer) for route in routes().values())
