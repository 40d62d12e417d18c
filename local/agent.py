"""The other half of the embedded ECS: makes the tasks that MiniStack only keeps records of.

    RUNNING task ARNs ──▶ one process group each      a task that is gone ──▶ SIGTERM, SIGKILL later
    a process that ended by itself ──▶ StopTask, then UpdateService, so that ECS replaces the task

A replacement is not instant (Fargate takes seconds, too), and a service whose tasks keep ending is
refilled later and later, as ECS throttles a service that can't start tasks consistently. When the
control plane can't be reached the tasks go on; when the agent's parent is gone it stops them.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.tasklog import TaskLog
from local.tasks import TaskDefinition, TaskProcess
from worker import log

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient

POLL_SECONDS = 0.1
SHIP_SECONDS = 1.0
REPLACE_SECONDS = 1.0
"""The shortest time between a task's end and its replacement."""
LONGEST_REPLACE_SECONDS = 60.0
STEADY_SECONDS = 30.0
"""A task that ran this long was no failed start: the service's next replacement is quick again."""
GOODBYE_SECONDS = 10.0
_PASSED_ON = (
    *("PATH", "LANG", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"),
    *("AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"),
    *("AWS_EC2_METADATA_DISABLED", "NO_PROXY"),
)


@dataclass
class _Refill:
    """When a service gets its missing tasks back."""

    at: float = 0.0
    pause: float = REPLACE_SECONDS


@dataclass
class _Running:
    """A task under this agent's care."""

    process: TaskProcess
    log: TaskLog
    service: str | None


@dataclass
class Agent:
    """Keeps one cluster's processes as its task records say."""

    ecs: ECSClient
    logs: CloudWatchLogsClient
    cluster: str
    folder: Path
    environ: Mapping[str, str]
    _running: dict[str, _Running] = field(default_factory=dict)
    _definitions: dict[str, TaskDefinition] = field(default_factory=dict)
    _refills: dict[str, _Refill] = field(default_factory=dict)
    _started: set[str] = field(default_factory=set)
    """Every task ever started: none is started twice, whatever its record still says."""
    _unreported: list[tuple[_Running, int]] = field(default_factory=list)
    """Tasks that ended by themselves, with their exit codes, until ECS knows."""
    _shipped: float = 0.0

    def step(self) -> None:
        """Bring processes and records together once. Raises botocore's errors."""
        wanted = self._wanted()
        for arn, running in self._running.items():
            if arn not in wanted:
                running.process.stop()
            running.process.enforce_stop()
        self._reap()
        self._start(wanted - self._started)
        self._report_ends()
        self._refill()
        if time.monotonic() - self._shipped > SHIP_SECONDS:
            self._shipped = time.monotonic()
            for running in self._running.values():
                running.log.ship()

    def stop_all(self) -> None:
        """Stop every task; kill what is still there after ten seconds."""
        for running in self._running.values():
            running.process.stop()
        deadline = time.monotonic() + GOODBYE_SECONDS
        while any(r.process.exit_code() is None for r in self._running.values()):
            if time.monotonic() > deadline:
                for running in self._running.values():
                    running.process.enforce_stop(now=True)
            time.sleep(0.02)

    def _wanted(self) -> set[str]:
        pages = self.ecs.get_paginator("list_tasks").paginate(
            cluster=self.cluster, desiredStatus="RUNNING"
        )
        return {arn for page in pages for arn in page["taskArns"]}

    def _start(self, arns: set[str]) -> None:
        for batch in _chunks(sorted(arns), 100):
            for task in self.ecs.describe_tasks(cluster=self.cluster, tasks=batch)["tasks"]:
                definition = self._definition(task["taskDefinitionArn"])
                process = TaskProcess(task["taskArn"], definition, self.folder, self.environ)
                group = task.get("group", "")
                service = group.removeprefix("service:") if group.startswith("service:") else None
                self._started.add(process.arn)
                self._running[process.arn] = _Running(process, TaskLog(self.logs, process), service)
                log.event("task_started", task=process.task_id, service=service)
        # At once: whoever proves a demo that was stopped just now has to know of all its tasks.
        for arn in arns & self._running.keys():
            self._running[arn].log.ship()

    def _definition(self, arn: str) -> TaskDefinition:
        if arn not in self._definitions:
            answer = self.ecs.describe_task_definition(taskDefinition=arn)
            self._definitions[arn] = TaskDefinition.parse(answer["taskDefinition"])
        return self._definitions[arn]

    def _reap(self) -> None:
        for arn, running in list(self._running.items()):
            code = running.process.exit_code()
            if code is None:
                continue
            running.log.close(code)
            del self._running[arn]
            log.event("task_ended", task=running.process.task_id, exit_code=code)
            if not running.process.stopping:
                self._unreported.append((running, code))

    def _report_ends(self) -> None:
        while self._unreported:
            running, code = self._unreported[0]
            reason = f"Essential container in task exited with code {code}"
            self.ecs.stop_task(cluster=self.cluster, task=running.process.arn, reason=reason)
            self._unreported.pop(0)
            if running.service is not None:
                self._plan_refill(running.service, running.process.started)

    def _plan_refill(self, service: str, task_started: float) -> None:
        refill = self._refills.setdefault(service, _Refill())
        if time.monotonic() - task_started > STEADY_SECONDS:
            refill.pause = REPLACE_SECONDS
        if refill.at == 0.0:
            refill.at = time.monotonic() + refill.pause
            refill.pause = min(refill.pause * 2, LONGEST_REPLACE_SECONDS)

    def _refill(self) -> None:
        for service, refill in self._refills.items():
            if refill.at == 0.0 or time.monotonic() < refill.at:
                continue
            try:
                self.ecs.update_service(cluster=self.cluster, service=service)
            except ClientError as error:
                if error.response["Error"]["Code"] not in (
                    "ServiceNotFoundException",
                    "ServiceNotActiveException",
                ):
                    raise
            refill.at = 0.0


def run(agent: Agent, parent: int) -> None:
    """Step until SIGTERM comes or `parent` is this process' no more, then stop every task."""
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reachable = True
    try:
        while not stopped and os.getppid() == parent:
            try:
                agent.step()
                reachable = True
            except (BotoCoreError, ClientError) as error:
                if reachable:
                    log.event("control_plane_fails", error=str(error))
                reachable = False
            time.sleep(POLL_SECONDS)
    finally:
        agent.stop_all()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.agent", description=__doc__)
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--folder", required=True, type=Path, help="where tasks' files go")
    parser.add_argument("--parent", required=True, type=int, help="end when this process is gone")
    arguments = parser.parse_args()
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    agent = Agent(
        ecs=boto3.client("ecs", config=config),
        logs=boto3.client("logs", config=config),
        cluster=arguments.cluster,
        folder=arguments.folder,
        environ={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
    )
    run(agent, arguments.parent)
    return 0


def _chunks(items: list[str], size: int) -> list[list[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


if __name__ == "__main__":
    sys.exit(main())
