"""Starts, stops, looks and lists in any order, held against the simplest model of what may come.

hypothesis draws the calls; a demo's phases and its own end come in between as they would.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto.ecs.models import ecs_backends
from moto.stepfunctions.models import stepfunctions_backends

from chalicelib.errors import DemoStopped
from tests import control_plane
from tests.control_plane import CLUSTER, STATE_MACHINE_ARN, at, client, in_demo, post

MAX_DEMOS = 3
ACCOUNT, REGION = "123456789012", "us-east-1"
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
BAD = st.sampled_from([{"phases": 4}, {"unknown": 1}, {"name": "ä"}, [], b"{", b"\xff"])
RUNNING, ABORTED, SUCCEEDED = "RUNNING", "ABORTED", "SUCCEEDED"


def executions() -> list[Any]:
    """moto's own executions; what ends by itself is ended there."""
    return stepfunctions_backends[ACCOUNT][REGION].state_machines[0].executions


def is_active(service_arn: str) -> bool:
    """moto lists those that were deleted, too."""
    found = client("ecs").describe_services(cluster=CLUSTER, services=[service_arn])["services"]
    return [one["status"] for one in found] == ["ACTIVE"]


class Demos(RuleBasedStateMachine):
    """The model: which demos there are, and how each stands. `http` calls the real API."""

    http: Any

    def __init__(self) -> None:
        super().__init__()
        self.status: dict[str, str] = {}
        self.serviced: set[str] = set()
        executions().clear()
        ecs_backends[ACCOUNT][REGION].services.clear()

    @property
    def running(self) -> list[str]:
        return [name for name, status in self.status.items() if status == RUNNING]

    def expected_of_a_start(self, name: str, allowed: int) -> int:
        if len(self.running) >= MAX_DEMOS:
            return 429
        return 409 if name in self.status else allowed

    @rule(name=NAMES)
    def start(self, name: str) -> None:
        answer = post(self.http, {"name": name})
        assert answer.status_code == self.expected_of_a_start(name, 201), answer.json_body
        if answer.status_code == 201:
            assert answer.json_body["status"] == RUNNING
            self.status[name] = RUNNING
        elif answer.status_code == 429:
            assert all(one in answer.json_body["message"] for one in self.running)

    @rule()
    def start_without_a_name(self) -> None:
        answer = post(self.http, {})
        assert answer.status_code == self.expected_of_a_start("", 201)
        if answer.status_code == 201:
            assert answer.json_body["demoId"] not in self.status
            self.status[answer.json_body["demoId"]] = RUNNING

    @rule(name=NAMES)
    def try_to_start(self, name: str) -> None:
        answer = post(self.http, {"name": name}, "?dry_run=true")
        assert answer.status_code == self.expected_of_a_start(name, 200)

    @rule(body=BAD)
    def start_with_nonsense(self, body: object) -> None:
        answer = post(self.http, body)
        assert (answer.status_code, answer.json_body["error"]) == (400, "InvalidDemo")

    @rule(name=NAMES)
    def stop(self, name: str) -> None:
        answer = self.http.delete(f"/demo/{name}")
        if name not in self.status:
            assert (answer.status_code, answer.json_body["error"]) == (404, "UnknownDemo")
            return
        if self.status[name] == RUNNING:
            self.status[name] = ABORTED
        self.serviced.discard(name)
        assert (answer.status_code, answer.json_body["status"]) == (202, self.status[name])

    @rule(name=NAMES, number=st.integers(1, 4))
    def workflow_starts_a_phase(self, name: str, number: int) -> None:
        """Also when the demo was stopped, as the controller may have been called just before."""
        if name not in self.status:
            return
        arn = STATE_MACHINE_ARN.replace(":stateMachine:", ":execution:") + f":{name}"
        demo = in_demo(name)
        demo["execution"]["arn"] = arn
        if self.status[name] == RUNNING:
            control_plane.start(number, at(), **demo)
            self.serviced.add(name)
        else:
            with pytest.raises(DemoStopped):
                control_plane.start(number, at(), **demo)
            self.serviced.discard(name)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def one_ends_by_itself(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.running)))
        (execution,) = (e for e in executions() if e.name == name)
        execution.status, execution.stop_date = SUCCEEDED, execution.start_date
        self.status[name] = SUCCEEDED

    @rule(name=NAMES)
    def look(self, name: str) -> None:
        answer = self.http.get(f"/demo/{name}")
        expected = self.status.get(name)
        assert answer.status_code == (200 if expected else 404)
        assert answer.json_body.get("status") == expected

    @rule(limit=st.integers(1, 100))
    def list_page_by_page(self, limit: int) -> None:
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            answer = self.http.get(f"/demo?limit={limit}{token}").json_body
            assert len(answer["demos"]) <= limit
            found += answer["demos"]
            if answer["nextToken"] is None:
                break
            token = f"&token={answer['nextToken']}"
        assert len(found) == len(self.status)
        assert {demo["demoId"]: demo["status"] for demo in found} == self.status

    @invariant()
    def only_who_was_given_tasks_and_not_stopped_has_a_service(self) -> None:
        listed = client("ecs").list_services(cluster=CLUSTER)["serviceArns"]
        active = {arn.rpartition("/demo-")[2] for arn in listed if is_active(arn)}
        assert active == self.serviced


def test_any_order_of_calls_leads_where_the_model_says(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_DEMOS", str(MAX_DEMOS))
    monkeypatch.setattr(Demos, "http", http, raising=False)
    run_state_machine_as_test(
        Demos,
        settings=settings(
            max_examples=30,
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],  # shrinking takes minutes here
        ),
    )
