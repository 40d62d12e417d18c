"""The controller's events, read and checked before anything is done. Pure.

The workflow sends `operation`, `execution` (name, arn, started_at), and what the operation needs.
A plain event without `execution` is understood too: it is about the demo `local`. And EventBridge
sends what Step Functions says of an execution that ended badly, as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib import demo_state, names
from chalicelib.demo_state import DemoState
from chalicelib.errors import InvalidEvent
from chalicelib.instants import epoch
from chalicelib.plan import PHASES

STATUS_CHANGE = "Step Functions Execution Status Change"
_BAD_ENDS = frozenset({"ABORTED", "FAILED", "TIMED_OUT"})


class Operation(StrEnum):
    """What the workflow asks of the controller."""

    INITIALIZE_DEMO = "initialize_demo"
    START_PHASE = "start_phase"
    CLEANUP_DEMO = "cleanup_demo"
    HANDLE_FAILURE = "handle_failure"


_CONFIG_KEYS = {Operation.HANDLE_FAILURE: "execution_input"}


@dataclass(frozen=True)
class Order:
    """One event. `execution_arn` and `execution_started_at` are None outside a workflow.

    `demo_config` is the execution's input; a failure's has more in it.
    """

    operation: Operation
    demo_id: str
    execution_arn: str | None
    execution_started_at: float | None
    phase_number: int | None
    demo_config: object
    default_plan: object | None
    demo_state: DemoState | None


@dataclass(frozen=True)
class Ended:
    """An execution that ended without the workflow's own cleanup, or perhaps so.

    `began_at` in epoch seconds; `redrive_count` is how often it had been redriven by then. `input`
    is None if the event doesn't carry it: together with the output it may be too large.
    """

    demo_id: str
    execution_arn: str
    state_machine_arn: str
    status: str
    began_at: float
    redrive_count: int
    input: object = None


def read(event: object) -> Order | Ended:
    """The event as an order, or as an end. InvalidEvent says what can't be understood."""
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"the event is {event!r:.40}, not an object")
    if event.get("detail-type") == STATUS_CHANGE:
        return _ended(event.get("detail"))
    return _order(event)


def _ended(detail: object) -> Ended:
    """Step Functions developer guide, EventBridge for execution status changes."""
    if not isinstance(detail, Mapping):
        raise InvalidEvent(f"detail is {detail!r:.40}, not an object")
    try:
        ended = Ended(
            demo_id=str(detail["name"]),
            execution_arn=str(detail["executionArn"]),
            state_machine_arn=str(detail["stateMachineArn"]),
            status=str(detail["status"]),
            began_at=int(detail["startDate"]) / 1_000,
            redrive_count=int(detail.get("redriveCount") or 0),
            input=json.loads(detail.get("input") or "null"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidEvent(f"detail can't be read: {error!r}") from error
    if ended.status not in _BAD_ENDS:
        raise InvalidEvent(
            f"execution {ended.demo_id} is {ended.status}: only after"
            f" {', '.join(sorted(_BAD_ENDS))} is there anything to take away"
        )
    return ended


def _order(event: Mapping[str, Any]) -> Order:
    operation = _operation(event.get("operation"))
    execution = event.get("execution", {})
    if not isinstance(execution, Mapping):
        raise InvalidEvent(f"execution is {execution!r:.40}, not an object")
    state = _demo_state(operation, event)
    return Order(
        operation=operation,
        demo_id=_demo_id(execution.get("name"), state),
        execution_arn=execution.get("arn"),
        execution_started_at=_moment(execution.get("started_at")),
        phase_number=_phase_number(operation, event),
        demo_config=event.get(_CONFIG_KEYS.get(operation, "demo_config"), {}),
        default_plan=event.get("default_plan"),
        demo_state=state,
    )


def _operation(name: object) -> Operation:
    try:
        return Operation(str(name))
    except ValueError:
        known = ", ".join(Operation)
        raise InvalidEvent(f"operation {name!r:.40} is unknown; there are {known}") from None


def _phase_number(operation: Operation, event: Mapping[str, Any]) -> int | None:
    if operation is not Operation.START_PHASE:
        return None
    number = event.get("phase_number")
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= PHASES:
        raise InvalidEvent(f"phase_number is {number!r:.40}; there are 1 to {PHASES}")
    return number


def _demo_state(operation: Operation, event: Mapping[str, Any]) -> DemoState | None:
    """A failure's event carries the workflow's whole data; an early failure has no state in it."""
    source = event
    if operation is Operation.HANDLE_FAILURE:
        data = event.get("execution_input")
        source = data if isinstance(data, Mapping) else {}
    document = source.get("demo_state")
    return None if document is None else demo_state.from_json(document)


def _demo_id(execution_name: object, state: DemoState | None) -> str:
    fallback = state.demo_id if state else names.LOCAL_DEMO_ID
    demo_id = fallback if execution_name is None else str(execution_name)
    if not names.is_demo_id(demo_id):
        raise InvalidEvent(
            f"{demo_id!r:.100} can't name a demo's ECS service: start the execution with a name of"
            " up to 80 characters A-Z a-z 0-9 _ -, the first a letter or digit"
        )
    return demo_id


def _moment(text: object) -> float | None:
    if text is None:
        return None
    try:
        return epoch(str(text))
    except ValueError as error:
        raise InvalidEvent(f"execution.started_at is no moment: {error}") from None
