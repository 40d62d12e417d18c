"""A demo with records by a template: from POST to the tasks' environment, and what it costs."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from chalicelib import controller
from chalicelib.errors import InvalidPlan
from chalicelib.services import Services
from tests.control_plane import STATE_MACHINE_ARN, client, environment, post
from worker.contract import Env

TEMPLATE = """{
  "template": {"id": "{{uuid}}", "celsius": {{normal 20 2}}, "note": "{{text 3000}}"},
  "partition_key": "{{field id}}"
}"""
BAD = '{\n  "template": {"id": {{uid}},\n    "n": {{integer 9 1}}}}'


def test_a_template_travels_with_the_demo_and_is_shown_by_its_size(http: Any) -> None:
    answer = post(http, {"name": "templated", "record": TEMPLATE})
    assert answer.status_code == 201
    arn = STATE_MACHINE_ARN.replace(":stateMachine:", ":execution:") + ":templated"
    given = client("stepfunctions").describe_execution(executionArn=arn)["input"]
    assert json.loads(given)["record"] == TEMPLATE
    sizes = answer.json_body["record"]
    assert 3_100 < sizes["mean_bytes"] <= sizes["most_bytes"] < 3_300
    shown = http.get("/demo/templated").json_body
    assert shown["record"] == sizes
    posts = post(http, {"name": "posts"}).json_body
    assert posts["record"] is None
    assert kinesis_gb(answer.json_body) == pytest.approx(4 * kinesis_gb(posts), rel=1e-6)
    assert kinesis_gb({"cost": shown["cost"]["estimate"]}) == kinesis_gb(answer.json_body)


def kinesis_gb(answer: dict[str, Any]) -> float:
    (quantity,) = (
        line["quantity"] for line in answer["cost"]["lines"] if line["item"] == "Kinesis data in"
    )
    return float(quantity)


def test_what_is_wrong_with_a_template_is_answered_by_line_and_column(http: Any) -> None:
    for query in ("", "?dry_run=true"):
        answer = post(http, {"record": BAD}, query=query)
        assert answer.status_code == 400
        assert answer.json_body["fields"] == [
            {
                "field": "record",
                "problem": "line 2, column 22: there is no function 'uid'",
                "try": "did you mean uuid?",
            },
            {
                "field": "record",
                "problem": "line 3, column 10: integer has its bounds the wrong way round",
                "try": "write {{integer 1 100}}",
            },
        ]


@pytest.mark.parametrize("record", [7, None, {"template": {}}, [TEMPLATE], ""])
def test_a_record_that_is_no_text_of_a_template_is_refused(http: Any, record: object) -> None:
    answer = post(http, {"record": record})
    assert {field["field"] for field in answer.json_body["fields"]} == {"record"}


def test_every_phase_tells_its_workers_the_template(aws: None) -> None:  # noqa: ARG001
    services = Services(os.environ)
    event: dict[str, Any] = {"execution": {"name": "run"}}
    config = {"operation": "initialize_demo", "demo_config": {"record": TEMPLATE}}
    state = controller.handle({**event, **config}, services)
    for number in (1, 2):
        order = {"operation": "start_phase", "phase_number": number, "demo_state": state}
        state = controller.handle({**event, **order}, services)
        assert state["record"] == TEMPLATE
        assert environment("run")[Env.RECORD_TEMPLATE] == TEMPLATE


def test_the_workflow_refuses_a_bad_template_before_anything_is_started(aws: None) -> None:  # noqa: ARG001
    order = {"operation": "initialize_demo", "demo_config": {"record": BAD}}
    with pytest.raises(InvalidPlan, match="line 2, column 22"):
        controller.handle(order, Services(os.environ))
