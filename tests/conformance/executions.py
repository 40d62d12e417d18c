"""Executions of the workflow under moto's interpreter: start one, wait for its end, look at it."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.control_plane import STATE_MACHINE_ARN, client

WAIT_SECONDS = 120


def start(name: str, demo_input: object) -> str:
    answer = client("stepfunctions").start_execution(
        stateMachineArn=STATE_MACHINE_ARN, name=name, input=json.dumps(demo_input)
    )
    return str(answer["executionArn"])


def ended(arn: str) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        execution = client("stepfunctions").describe_execution(executionArn=arn)
        if execution["status"] != "RUNNING":
            return execution
        time.sleep(0.05)
    raise AssertionError(f"{arn} still runs after {WAIT_SECONDS} s, in {states_entered(arn)[-1]}")


def events_of(arn: str) -> list[Any]:
    pages = client("stepfunctions").get_paginator("get_execution_history")
    return [event for page in pages.paginate(executionArn=arn) for event in page["events"]]


def states_entered(arn: str) -> list[str]:
    details = [event.get("stateEnteredEventDetails") for event in events_of(arn)]
    return [entered["name"] for entered in details if entered]
