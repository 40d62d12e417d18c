"""statemachine.json under MiniStack's interpreter: to its end with `{}`, and failing at each state.

Waits and retry intervals are scaled down and no task processes run: what is looked at here is the
workflow and what it leaves in ECS. tests/conformance runs the same file under another interpreter.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.stack import EmbeddedStack
from tests.clients import client_of
from tests.e2e.broken import broken_function
from tests.e2e.demos import wait_until

PLAN = {"phases": [{"target_tps": 10, "duration_seconds": 2}] * 4}
IN_ORDER = [
    "InitializeDemo",
    *(name for n in range(1, 5) for name in (f"StartPhase{n}", f"WaitPhase{n}Duration")),
    "CleanupDemo",
    "DemoCompleted",
]


@dataclass
class Aws:
    """Clients of a deployed stack."""

    stack: EmbeddedStack

    def client(self, name: str) -> Any:
        return client_of(self.stack, name)

    def run(self, machine: str, name: str, document: object) -> None:
        self.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(document)
        )

    def end_of(self, machine: str, name: str) -> dict[str, Any]:
        arn = machine.replace(":stateMachine:", ":execution:") + f":{name}"

        def look() -> dict[str, Any] | None:
            answer: dict[str, Any] = self.client("stepfunctions").describe_execution(
                executionArn=arn
            )
            return answer if answer["status"] != "RUNNING" else None

        return wait_until(f"the end of {name}", look)

    def states_of(self, machine: str, name: str) -> list[str]:
        arn = machine.replace(":stateMachine:", ":execution:") + f":{name}"
        history = self.client("stepfunctions").get_execution_history(
            executionArn=arn, maxResults=1000
        )
        entered = [event.get("stateEnteredEventDetails", {}) for event in history["events"]]
        return [details["name"] for details in entered if details]

    def left_of(self, name: str) -> list[str]:
        """Services, running tasks and active task definitions of a demo."""
        ecs, cluster = self.client("ecs"), self.stack.outputs["ClusterName"]
        arns = [
            *ecs.list_services(cluster=cluster)["serviceArns"],
            *ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
        ]
        tasks = ecs.list_tasks(cluster=cluster, desiredStatus="RUNNING")["taskArns"]
        if tasks:
            described = ecs.describe_tasks(cluster=cluster, tasks=tasks)["tasks"]
            arns += [task["group"] for task in described]
        return [arn for arn in arns if name in arn]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    folder = tmp_path_factory.mktemp("workflow")
    with EmbeddedStack(folder, {"SFN_WAIT_SCALE": "0.01"}) as stack:
        stack.deploy()
        yield Aws(stack)


def test_an_empty_input_runs_the_default_plan_to_its_end(aws: Aws) -> None:
    machine = aws.stack.outputs["StateMachineArn"]
    aws.run(machine, "by-default", {})
    answer = aws.end_of(machine, "by-default")
    assert answer["status"] == "SUCCEEDED", answer
    assert aws.states_of(machine, "by-default") == IN_ORDER
    state = json.loads(answer["output"])["demo_state"]
    assert state["status"] == "completed"
    plan = [(p["target_tps"], p["task_count"], p["duration_seconds"]) for p in state["phases"]]
    assert plan == [(100, 1, 120), (10_000, 10, 120), (50_000, 50, 120), (100, 1, 120)]
    assert aws.left_of("by-default") == []


def test_a_controller_that_fails_at_any_state_ends_in_demo_failed(aws: Aws) -> None:
    machine = aws.stack.outputs["StateMachineArn"]
    broken = broken_function(aws.client("lambda"))
    failing = [name for name in IN_ORDER if name.startswith(("Init", "Start", "Clean"))]
    machines = {state: machine_that_fails_at(aws, machine, state, broken) for state in failing}
    for state, variant in machines.items():
        aws.run(variant, f"fails-at-{state}", PLAN)
    for state, variant in machines.items():
        name = f"fails-at-{state}"
        answer = aws.end_of(variant, name)
        assert answer["status"] == "FAILED", (state, answer)
        assert answer["error"], state
        assert f"broken on purpose at {state}" in answer["cause"]
        states = aws.states_of(variant, name)
        assert states[states.index(state) :] == [state, "DemoFailed", "Failed"]
        assert aws.left_of(name) == []


def test_a_crossed_threshold_stops_the_demo_before_its_next_phase(aws: Aws) -> None:
    machine = aws.stack.outputs["StateMachineArn"]
    aws.run(machine, "crossed", {**PLAN, "thresholds": ["cost<0.000001"], "abort_on_fail": True})
    answer = aws.end_of(machine, "crossed")
    assert (answer["status"], answer["error"]) == ("FAILED", "ThresholdCrossed")
    assert "cost<0.000001 is crossed: " in answer["cause"]
    upto = IN_ORDER[: IN_ORDER.index("StartPhase2") + 1]
    assert aws.states_of(machine, "crossed") == [*upto, "DemoFailed", "Failed"]
    assert aws.left_of("crossed") == []


def test_a_failing_cleanup_of_a_failed_demo_still_tells_the_first_cause(aws: Aws) -> None:
    machine = aws.stack.outputs["StateMachineArn"]
    broken = broken_function(aws.client("lambda"))
    variant = machine_that_fails_at(aws, machine, "StartPhase2", broken, "DemoFailed")
    aws.run(variant, "fails-twice", PLAN)
    answer = aws.end_of(variant, "fails-twice")
    assert answer["status"] == "FAILED"
    assert "broken on purpose at StartPhase2" in answer["cause"]


def machine_that_fails_at(aws: Aws, machine: str, state: str, function_arn: str, *more: str) -> str:
    """Deploy the real state machine with a broken controller at these states."""
    client = aws.client("stepfunctions")
    real = client.describe_state_machine(stateMachineArn=machine)
    definition = json.loads(real["definition"])
    for name in (state, *more):
        parameters = definition["States"][name]["Parameters"]
        parameters["FunctionName"] = function_arn
        parameters["Payload"]["state"] = name
    made = client.create_state_machine(
        name=f"fails-at-{'-'.join((state, *more))}",
        definition=json.dumps(definition),
        roleArn=real["roleArn"],
    )
    return str(made["stateMachineArn"])
