"""Where faults of the control plane are tried: Lambdas that reach their AWS through microburst.

The controller's calls and the API's go through one proxy and are told apart by the name that each
function gives itself in its User-Agent. A fault belongs to one demo: its rule matches only requests
that name the demo, so many demos suffer at once, each from its own. Between two tries of a state
there is a second here, where the workflow has five to twenty; the number of tries is the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.ledgers import TaskLogs, parse_task_logs, task_log_lines
from local.platform import LocalPlatform
from local.proof import tally_stream
from local.reader import read_stream
from local.summary import Summary, summarize
from tests.chaos.proxy import FaultProxy, Rule
from tests.chaos.record import Row, append, command_of_this_test, told
from tests.e2e.demos import PATIENCE_SECONDS, client, left_of, wait_until

API = "api"
CONTROLLER = "controller"
FUNCTIONS = {API: "kinesis-demo-local", CONTROLLER: "kinesis-demo-local-controller"}
MAX_DEMOS = 100
IDLE_TPS = 0.001
"""A demo of a minute comes to no record at this pace."""
LEDGER_SECONDS = 150.0
"""ECS kills a task 35 s after it was told to stop; its log is shipped within a second or two, or
later where the machine is slow."""


@dataclass(frozen=True)
class Controlled:
    """The platform, and what stands between its Lambdas and its AWS."""

    platform: LocalPlatform
    proxy: FaultProxy


@dataclass(frozen=True)
class Trouble:
    """One fault of one demo's control plane."""

    operation: str
    effect: Rule
    """What microburst does: `{"error": {"code": …}}`, `{"reset": True}`."""
    times: int | None = None
    """How often it happens; None: as long as the rule is there."""
    only: str = ""
    """A JMESPath expression on the request, if it is only some of the operation's calls."""

    def rule(self, caller: str, demo_id: str = "") -> Rule:
        """As microburst takes it; without a demo, whatever the request is about."""
        about = [f"contains(to_string(@), '{demo_id}')"] if demo_id else []
        conditions = [*about, *([self.only] if self.only else [])]
        return {
            "operation": self.operation,
            "headers": {"User-Agent": f"app/{caller}"},
            **({"body": " && ".join(conditions)} if conditions else {}),
            **({} if self.times is None else {"times": self.times}),
            **self.effect,
        }

    def __str__(self) -> str:
        often = {None: "for good", 1: "once"}.get(self.times, f"{self.times} times")
        return f"{self.operation}: {_told(self.effect)}, {often}"


def error(code: str, status: int = 400) -> Rule:
    return {"error": {"code": code, "status": status}}


THROTTLED = error("ThrottlingException")
FAILING = error("ServerException", 500)
DENIED = error("AccessDeniedException")
EXPIRED = error("ExpiredTokenException")
RESET: Rule = {"reset": True}
SLOW: Rule = {"latency": 2_000}
SILENT: Rule = {"timeout_ms": 6_000}
"""Past the read time-out of the Lambdas' clients (api/chalicelib/clients.py)."""
ANSWER_LOST: Rule = {"response": {"abort_bytes": 1}}
"""AWS has done it, but the caller never hears so."""


def _told(effect: Rule) -> str:
    if "error" in effect:
        return str(effect["error"]["code"])
    return {"reset": "reset", "latency": "2 s late", "timeout_ms": "silence"}.get(
        next(iter(effect)), "done, answer lost"
    )


def lead_through(platform: LocalPlatform, proxy: FaultProxy) -> None:
    """Has the Lambdas call AWS through the proxy, and many demos run at once."""
    functions = client(platform, "lambda")
    for caller, name in FUNCTIONS.items():
        known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        own = {
            "AWS_ENDPOINT_URL": proxy.endpoint,
            "AWS_SDK_UA_APP_ID": caller,
            "MAX_DEMOS": str(MAX_DEMOS),
        }
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**known, **own}}
        )


def hasten_retries(platform: LocalPlatform) -> None:
    """Has the workflow try a state again after a second, as often as ever."""
    machine = platform.output("StateMachineArn")
    sfn = client(platform, "stepfunctions")
    definition = json.loads(sfn.describe_state_machine(stateMachineArn=machine)["definition"])
    for state in definition["States"].values():
        for retry in state.get("Retry", ()):
            if retry.get("MaxAttempts") != 0:
                retry |= {"IntervalSeconds": 1, "BackoffRate": 1.0}
    sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))


@contextmanager
def short_stop_timeout(platform: LocalPlatform, seconds: int) -> Iterator[None]:
    """Demos that begin meanwhile have tasks that are killed so soon after they were told to stop.

    It is the base task definition's next revision, as a redeployment would make it.
    """
    ecs = platform.ecs
    family = platform.output("TaskDefinitionFamily")
    base = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    shape = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
    members = shape.members if shape else {}
    wanted: Any = {name: value for name, value in base.items() if name in members}
    wanted["containerDefinitions"][0]["stopTimeout"] = seconds
    made = ecs.register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"]
    try:
        yield
    finally:
        ecs.deregister_task_definition(taskDefinition=made)


def ends_of(
    platform: LocalPlatform, demo_ids: Iterable[str], seconds: float = PATIENCE_SECONDS
) -> dict[str, Any]:
    """Wait until all these executions have ended; GET's answers by demo."""
    machine = platform.output("StateMachineArn")
    sfn = platform.stepfunctions
    wanted = set(demo_ids)

    def look() -> bool:
        running = sfn.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
        return not wanted & {execution["name"] for execution in running["executions"]}

    wait_until(f"the end of {len(wanted)} demos", look, seconds)
    return {demo_id: platform.api.get(demo_id) for demo_id in wanted}


def proofs(
    platform: LocalPlatform, demos: dict[str, Any], seconds: float = LEDGER_SECONDS
) -> dict[str, tuple[Summary, TaskLogs]]:
    """Hold each ended demo's ledgers against the stream, which is read once for all of them."""

    def logs() -> dict[str, TaskLogs] | None:
        lines = list(task_log_lines(platform.logs, platform.output("LogGroupName")))
        found = {demo_id: parse_task_logs(lines, demo_id) for demo_id in demos}
        return None if any(one.unended for one in found.values()) else found

    found = wait_until(f"the ledgers of {len(demos)} demos", logs, seconds)
    records = list(read_stream(platform.kinesis, platform.output("StreamName")))
    return {
        demo_id: (
            summarize(demo, found[demo_id], tally_stream(demo_id, records), {}),
            found[demo_id],
        )
        for demo_id, demo in demos.items()
    }


def written_down(summary: Summary, fault: str, where: str, times: int) -> Row:
    """Append the demo's row; the books must add up, and nothing foreign be in the stream."""
    row = Row(
        fault=fault,
        where=where,
        times=times,
        records=summary.generated,
        delivered=summary.acknowledged,
        failed=summary.failed,
        lost=told(summary.lost),
        duplicates=told(summary.duplicates),
        command=command_of_this_test(),
    )
    append(row)
    assert times > 0, f"{fault}: the fault never happened"
    assert row.unaccounted == 0, fault
    assert summary.foreign == 0, fault
    assert row.lost <= summary.failed, fault
    return row


def assert_gone(platform: LocalPlatform, demo_ids: Sequence[str]) -> None:
    """Nothing of these demos is left, soon."""
    wait_until(
        f"{', '.join(demo_ids)} to be gone",
        lambda: not any(left_of(platform, demo_id) for demo_id in demo_ids),
    )
