"""The demos' executions: start, look at, list, stop.

A demo's id is its execution's name. AWS answers these calls from an eventually consistent store
(botocore: DescribeExecution, ListExecutions): for a moment a new demo may be unknown, and a
stopped one may still be running.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import aws_errors, history, names
from chalicelib.errors import AwsUnavailable, DemoExists, FieldProblem, InvalidPage, UnknownDemo

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef, ListExecutionsInputTypeDef

RUNNING: Final = "RUNNING"
ABORTED = "ABORTED"
TIMED_OUT = "TIMED_OUT"
MAX_PAGE = 1_000
"""botocore: ListExecutions, maxResults."""

_HISTORY_PAGE = 1_000
"""botocore: GetExecutionHistory, maxResults. A demo has some sixty events: one call tells all."""
_REMEMBERED_INPUTS = 1_024


@dataclass(frozen=True)
class Execution:
    """One demo's execution; times in epoch seconds, `input` as the workflow was given it."""

    demo_id: str
    arn: str
    status: str
    started_at: float
    stopped_at: float | None = None
    input: object = None
    error: str | None = None
    cause: str | None = None
    redrive_count: int = 0


@dataclass(frozen=True)
class Page:
    """A part of the list of demos, newest first; `next_token` is None on the last."""

    executions: tuple[Execution, ...]
    next_token: str | None


class Workflow:
    """The executions of one state machine. Other errors pass through as botocore raises them."""

    def __init__(self, stepfunctions: SFNClient, state_machine_arn: str) -> None:
        self._sfn = stepfunctions
        self._state_machine_arn = state_machine_arn
        # An execution's input never changes, so it is asked for once.
        self._remembered_input = lru_cache(_REMEMBERED_INPUTS)(self._described_input)

    def start(self, demo_id: str, demo_input: Mapping[str, Any]) -> Execution:
        """Starts a demo, whose input is no other's. DemoExists if there is one of that id.

        AwsUnavailable, which names the demo, if it may have started all the same.
        """
        given = json.dumps(demo_input)
        try:
            answer = self._sfn.start_execution(
                stateMachineArn=self._state_machine_arn, name=demo_id, input=given
            )
        except self._sfn.exceptions.ExecutionAlreadyExists:
            return self._started_unheard(demo_id, given)
        except (BotoCoreError, ClientError) as error:
            if aws_errors.may_be_done(error):
                raise AwsUnavailable(
                    f"{aws_errors.classified(error)}; GET /demo/{demo_id} tells whether the demo"
                    " has started all the same"
                ) from error
            raise
        return Execution(demo_id, answer["executionArn"], RUNNING, answer["startDate"].timestamp())

    def refuse_taken(self, demo_id: str) -> None:
        """DemoExists if there is a demo of that id, running or not."""
        try:
            self.describe(demo_id)
        except UnknownDemo:
            return
        raise _taken(demo_id)

    def describe(self, demo_id: str) -> Execution:
        """The demo's execution. UnknownDemo if there is none."""
        try:
            answer = self._sfn.describe_execution(executionArn=self._arn(demo_id))
        except self._sfn.exceptions.ExecutionDoesNotExist:
            raise UnknownDemo(f"there is no demo {demo_id}") from None
        stopped = answer.get("stopDate")
        return Execution(
            demo_id=demo_id,
            arn=answer["executionArn"],
            status=answer["status"],
            started_at=answer["startDate"].timestamp(),
            stopped_at=stopped.timestamp() if stopped else None,
            input=json.loads(answer.get("input", "{}")),
            error=answer.get("error"),
            cause=answer.get("cause"),
            redrive_count=answer.get("redriveCount", 0),
        )

    def is_running(self, execution_arn: str) -> bool:
        """Whether this execution still runs."""
        answer = self._sfn.describe_execution(executionArn=execution_arn)
        return answer["status"] == RUNNING

    def stop(self, demo_id: str) -> Execution:
        """Stops the demo's execution unless it has ended, and says what became of it."""
        execution = self.describe(demo_id)
        if execution.status != RUNNING:
            return execution
        try:
            self._sfn.stop_execution(
                executionArn=execution.arn,
                error="DemoStopped",
                cause=f"DELETE /demo/{demo_id} was called",
            )
        except ClientError:
            # It may have ended by itself in between; if so, there is nothing to report.
            ended = self.describe(demo_id)
            if ended.status == RUNNING:
                raise
            return ended
        return replace(self.describe(demo_id), status=ABORTED)

    def progress(self, execution: Execution) -> history.Progress:
        """The states that the execution has entered, and its newest demo_state."""
        return history.progress(self._events_newest_first(execution.arn))

    def running(self) -> Page:
        """The demos that run now, or the newest MAX_PAGE of them."""
        return self.page(MAX_PAGE, None, running_only=True)

    def input_of(self, execution_arn: str) -> object:
        """What the execution was given. After 90 days Step Functions knows it no more: {}."""
        try:
            return self._remembered_input(execution_arn)
        except self._sfn.exceptions.ExecutionDoesNotExist:
            return {}

    def page(self, limit: int, token: str | None, *, running_only: bool = False) -> Page:
        """Up to `limit` demos. InvalidPage if the token is none of ours, or older than 24 h."""
        request: ListExecutionsInputTypeDef = {
            "stateMachineArn": self._state_machine_arn,
            "maxResults": limit,
        }
        if token:
            request["nextToken"] = token
        if running_only:
            request["statusFilter"] = RUNNING
        try:
            answer = self._sfn.list_executions(**request)
        except self._sfn.exceptions.InvalidToken:
            problem = FieldProblem("token", "is unknown or expired", "start again without one")
            raise InvalidPage([problem]) from None
        found = [
            Execution(
                demo_id=item["name"],
                arn=item["executionArn"],
                status=item["status"],
                started_at=item["startDate"].timestamp(),
                stopped_at=item["stopDate"].timestamp() if item.get("stopDate") else None,
            )
            for item in answer["executions"]
        ]
        # Step Functions sorts ended executions by their end; here all go by their start.
        newest_first = sorted(found, key=lambda execution: execution.started_at, reverse=True)
        return Page(tuple(newest_first), answer.get("nextToken"))

    def _started_unheard(self, demo_id: str, given: str) -> Execution:
        """The demo of that id, if its input shows that this very start made it, else DemoExists.

        AWS answers a start that botocore sends again, as the answer was lost, as it did the first.
        MiniStack refuses it.
        """
        try:
            found = self.describe(demo_id)
        except UnknownDemo:
            raise _taken(demo_id) from None
        if found.input != json.loads(given):
            raise _taken(demo_id)
        return found

    def _described_input(self, execution_arn: str) -> object:
        answer = self._sfn.describe_execution(executionArn=execution_arn)
        return json.loads(answer.get("input", "{}"))

    def _arn(self, demo_id: str) -> str:
        if not names.is_demo_id(demo_id):
            raise UnknownDemo(f"there is no demo {demo_id!r:.100}")
        return f"{self._state_machine_arn.replace(':stateMachine:', ':execution:')}:{demo_id}"

    def _events_newest_first(self, execution_arn: str) -> Iterator[HistoryEventTypeDef]:
        pages = self._sfn.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn,
            reverseOrder=True,
            PaginationConfig={"PageSize": _HISTORY_PAGE},
        )
        for page in pages:
            yield from page["events"]


def _taken(demo_id: str) -> DemoExists:
    return DemoExists(
        f"a demo named {demo_id} exists: choose another name, or give none"
        " (Step Functions frees a name 90 days after its demo ended)"
    )
