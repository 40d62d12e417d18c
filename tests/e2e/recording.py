"""A stack whose Lambdas and tasks note every AWS call that they make, and how a test drives it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.agent import Agent
from local.platform import api_of, credentials_of
from local.stack import REGION, EmbeddedStack
from tests.e2e.demos import wait_until

_RECORDER = Path(__file__).parent / "recorder"


def noting(record: Path) -> dict[str, str]:
    """The environment in which a Python process notes its calls into this file."""
    return {"PYTHONPATH": str(_RECORDER), "RECORD_CALLS_TO": str(record)}


@dataclass
class Cloud:
    """The deployed stack, and how a test talks to it."""

    stack: EmbeddedStack
    url: str
    record: Path

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.stack.endpoint,
            region_name=REGION,
            **credentials_of(self.stack),
        )

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """A signed request."""
        answer = api_of(self.stack, self.url).ask(method, path, body)
        return answer.status, answer.body

    def start(self, **body: Any) -> str:
        status, started = self.call("POST", "/demo", body)
        assert status == 201, started
        demo_id: str = started["demoId"]
        return demo_id

    def wait_for(self, demo_id: str, status: str) -> None:
        def look() -> bool:
            demo = self.demo(demo_id)
            assert demo["status"] in {"RUNNING", status}, demo
            return bool(demo["status"] == status)

        wait_until(f"{demo_id} is {status}", look)

    def demo(self, demo_id: str) -> Any:
        status, demo = self.call("GET", f"/demo/{demo_id}")
        assert status == 200, demo
        return demo

    def in_first_phase(self, demo_id: str) -> None:
        wait_until(f"phase 1 of {demo_id}", lambda: self.demo(demo_id)["currentPhase"] == 1)

    def notes(self) -> list[dict[str, Any]]:
        whole, _, _ = self.record.read_text().rpartition("\n")  # others are writing
        return [json.loads(line) for line in whole.splitlines()]

    def noted(self, operation: str, *, by_a_task: bool = False) -> bool:
        return any(
            note["operation"] == operation and not (by_a_task and note["function"])
            for note in self.notes()
        )


@contextmanager
def tasks_running(cloud: Cloud, folder: Path) -> Iterator[None]:
    """ECS's other half, whose tasks note their calls."""
    agent = Agent(
        ecs=cloud.client("ecs"),
        logs=cloud.client("logs"),
        cluster=cloud.stack.outputs["ClusterName"],
        folder=folder,
        environ={
            **cloud.stack.environment,
            "PATH": os.environ["PATH"],
            **noting(cloud.record),
        },
    )
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.1):
            try:
                agent.step()
            except (BotoCoreError, ClientError) as error:
                print(f"the agent tries again: {error}")  # as local.agent does

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        agent.stop_all()


@contextmanager
def without_the_event(cloud: Cloud) -> Iterator[None]:
    """A DELETE that finds all there still is to clean up: no event calls the controller to it."""
    events = cloud.client("events")
    rule = cloud.stack.outputs["CleanupRuleArn"].rpartition("/")[2]
    events.disable_rule(Name=rule)
    yield
    events.enable_rule(Name=rule)
