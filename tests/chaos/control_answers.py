"""What the API answers when one of its AWS calls fails: which call, which fault, which answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from client.api import Answer
from local.platform import LocalPlatform
from tests.chaos.control import (
    API,
    CONTROLLER,
    DENIED,
    EXPIRED,
    FAILING,
    FUNCTIONS,
    RESET,
    THROTTLED,
    Controlled,
    Trouble,
)
from tests.chaos.proxy import Rule
from tests.chaos.record import Row, append, command_of_this_test
from tests.e2e.demos import client

BETWEEN = "API and AWS"


@dataclass(frozen=True)
class Expected:
    """An error's status, its name, and what its message says, {} being the operation."""

    status: int
    name: str
    says: str


ANSWERS: Sequence[tuple[Rule, Expected]] = (
    (DENIED, Expected(502, "AwsDenied", ":{} (AccessDeniedException)")),
    (EXPIRED, Expected(502, "AwsDenied", "credentials (ExpiredTokenException)")),
    (THROTTLED, Expected(429, "AwsThrottled", "AWS throttles {} (ThrottlingException)")),
    (FAILING, Expected(503, "AwsUnavailable", "AWS failed in {} (ServerException)")),
    (RESET, Expected(503, "AwsUnavailable", "AWS can't be reached (Connection was closed")),
)


@dataclass(frozen=True)
class Request:
    """A request to the API, and the AWS calls that it makes."""

    method: str
    path: str
    operations: Sequence[str]
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] | None = None

    @property
    def route(self) -> str:
        return f"{self.method} {re.sub('(?<=/demo/)[^/]+', '<id>', self.path)}"

    def send(self, platform: LocalPlatform) -> Answer:
        return platform.api.ask(self.method, self.path, self.body, self.query)


def start_of(body: Mapping[str, Any]) -> Request:
    return Request("POST", "/demo", ["ListExecutions", "StartExecution"], body)


def dry_run_of(body: Mapping[str, Any]) -> Request:
    named = {**body, "name": "dry"}
    return Request("POST", "/demo", ["DescribeExecution"], named, {"dry_run": "true"})


def look_at(demo_id: str) -> Request:
    operations = [
        *("DescribeExecution", "GetExecutionHistory", "DescribeServices"),
        *("DescribeStreamSummary", "ListExecutions", "GetMetricData"),
    ]
    return Request("GET", f"/demo/{demo_id}", operations)


def numbers_of(demo_id: str) -> Request:
    operations = ["DescribeExecution", "GetExecutionHistory", "GetMetricData"]
    return Request("GET", f"/demo/{demo_id}/metrics", operations)


def stop_of(demo_id: str, *, fresh: bool = False) -> Request:
    """What is there is taken away call by call: what comes before the one that fails is done."""
    operations = [
        *("DescribeExecution", "StopExecution", "DescribeServices", "DeleteService"),
        *("ListTaskDefinitions", "DeregisterTaskDefinition"),
        *(("DescribeStreamSummary", "ListTasks", "DeleteStream") if fresh else ()),
    ]
    return Request("DELETE", f"/demo/{demo_id}", operations)


LISTING = Request("GET", "/demo", ["ListExecutions"])


def refused(
    controlled: Controlled, request: Request, operation: str, effect: Rule, expected: Expected
) -> int:
    """Send it with that call failing: the answer names it. Returns how often it failed."""
    controlled.proxy.rules(Trouble(operation, effect).rule(API))
    try:
        answer = request.send(controlled.platform)
        fired = controlled.proxy.fired()
    finally:
        controlled.proxy.rules()
    told = f"{request.method} {request.path}, {operation}: {answer.status} {answer.body}"
    assert fired > 0, told
    assert (answer.status, answer.body.get("error")) == (expected.status, expected.name), told
    assert expected.says.format(operation) in answer.body["message"], told
    return fired


def each_refused(
    controlled: Controlled, request: Request, effects: Sequence[int], *, rotating: bool = False
) -> None:
    """Send it with each of its calls failing in each of these ways, by their place in ANSWERS.

    `rotating`: and in one of the ways that botocore retries, which takes seconds, another each.
    """
    fired = 0
    for number, operation in enumerate(request.operations):
        ways = [*effects, *([2 + number % 3] if rotating else [])]
        fired += sum(refused(controlled, request, operation, *ANSWERS[way]) for way in ways)
    row = Row(
        fault=f"{request.route}: {', '.join(request.operations)}",
        where=BETWEEN,
        times=fired,
        records=0,
        delivered=0,
        failed=0,
        lost=0,
        duplicates=0,
        command=command_of_this_test(),
    )
    append(row)


@contextmanager
def no_event(platform: LocalPlatform) -> Iterator[None]:
    """Meanwhile no end of a demo has the controller clean up, so that DELETE has all to do."""
    arn = client(platform, "lambda").get_function(FunctionName=FUNCTIONS[CONTROLLER])
    target = arn["Configuration"]["FunctionArn"]
    events = client(platform, "events")
    (rule,) = events.list_rule_names_by_target(TargetArn=target)["RuleNames"]
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)
