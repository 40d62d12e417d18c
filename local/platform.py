"""The whole platform on one machine: the embedded AWS, the demo deployed into it, and ECS's agent.

Everything lives in one folder and ends with this process. Clients get what they need to reach it:
the API's address, boto3 clients, the names of what was deployed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import boto3
import psutil
from botocore.config import Config

from client.api import DemoApi
from client.console import Console
from client.signing import Signer, with_key
from local.endings import end
from local.stack import EmbeddedStack, StackError

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_stepfunctions import SFNClient

AGENT_STOP_SECONDS = 20.0
"""A call of the agent's may take five seconds, and its tasks have ten to go."""

_NOT_AT_WORK = {
    psutil.STATUS_ZOMBIE: "has ended",
    psutil.STATUS_STOPPED: "is stopped (SIGSTOP)",
}


class AgentEnded(Exception):
    """The ECS agent is gone, and with it all that starts and replaces tasks."""


def api_of(stack: EmbeddedStack, url: str) -> DemoApi:
    """An API that was deployed into the stack, called as the stack's own user."""
    return DemoApi(url, signer_of(stack))


def signer_of(stack: EmbeddedStack) -> Signer:
    """Signs as the stack's own user."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_SESSION_TOKEN")
    return with_key(*(stack.environment[name] for name in names))


def credentials_of(stack: EmbeddedStack) -> dict[str, Any]:
    """The stack's own user, as boto3's clients and sessions are told."""
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return {name: stack.environment[name.upper()] for name in names}


class LocalPlatform:
    """Up from `with` (or start) to its end (or stop). `folder` is for this platform alone."""

    def __init__(
        self,
        folder: Path,
        console: Console,
        *,
        aggregation: str = "off",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`aggregation`: the workers' AGGREGATION, `off` or `on`. `settings`: EmbeddedStack's."""
        self.folder = folder.resolve()
        self._aggregation = aggregation
        self._console = console
        self.stack = EmbeddedStack(folder, settings)
        self._agent: subprocess.Popen[bytes] | None = None
        self.api = DemoApi("", None)

    def __enter__(self) -> LocalPlatform:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and deploy. Raises StackError, which says where the log is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._console.step("Starting the embedded AWS"):
            self.stack.start()
        with self._console.step("Deploying into it (deploy.sh)"):
            self.api = api_of(self.stack, self.stack.deploy(aggregation=self._aggregation))
            self.start_agent()

    def start_agent(self) -> None:
        """Start the ECS agent in a session of its own, so that Ctrl-C reaches only this process."""
        tasks = self.folder / "tasks"
        rmtree(tasks, ignore_errors=True)
        tasks.mkdir()
        with (self.folder / "agent.log").open("wb") as log:
            self._agent = subprocess.Popen(  # nosec B603 # this project's own, by fixed arguments
                [
                    *(sys.executable, "-m", "local.agent"),
                    *("--cluster", self.output("ClusterName"), "--folder", str(tasks)),
                    *("--parent", str(os.getpid())),
                ],
                cwd=Path(__file__).resolve().parent.parent,
                env=self.stack.client_environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> None:
        """End all of it; harmless if there is nothing."""
        try:
            self.stop_agent()
        finally:
            self.stack.stop()

    def stop_agent(self) -> None:
        """End the agent and with it every task: SIGTERM, SIGKILL where that is not enough."""
        agent, self._agent = self._agent, None
        if agent is None:
            return
        try:
            end(agent, AGENT_STOP_SECONDS)
        finally:
            for process in self._task_processes():
                with suppress(psutil.NoSuchProcess):
                    process.kill()

    def check(self) -> None:
        """Raise AgentEnded or StackError if the agent or the stack doesn't run any more."""
        # Not reaped here: its number stays its group's, which stop() ends.
        status = psutil.Process(self.stack.pid).status()
        if status in _NOT_AT_WORK:
            raise StackError(
                f"the embedded AWS {_NOT_AT_WORK[status]}; its log is {self.stack.log}"
            )
        if self._agent is not None and self._agent.poll() is not None:
            raise AgentEnded(
                f"the ECS agent ended with {self._agent.returncode}; "
                f"its log is {self.folder / 'agent.log'}"
            )

    def _task_processes(self) -> list[psutil.Process]:
        """What an agent that was killed has left running: known by its temporary folder."""
        tasks = str(self.folder.resolve() / "tasks")
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("TMPDIR", "").startswith(tasks):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def output(self, name: str) -> str:
        """An output of the deployed infrastructure, such as `StreamName`."""
        return self.stack.outputs[name]

    @property
    def kinesis(self) -> KinesisClient:
        return self._session().client("kinesis", **self._where())

    @property
    def logs(self) -> CloudWatchLogsClient:
        return self._session().client("logs", **self._where())

    @property
    def ecs(self) -> ECSClient:
        return self._session().client("ecs", **self._where())

    @property
    def stepfunctions(self) -> SFNClient:
        return self._session().client("stepfunctions", **self._where())

    def _session(self) -> boto3.Session:
        region = self.stack.environment["AWS_REGION"]
        return boto3.Session(**credentials_of(self.stack), region_name=region)

    def _where(self) -> dict[str, Any]:
        """The stack's address; never by way of a proxy, whatever the environment says."""
        return {"endpoint_url": self.stack.endpoint, "config": Config(proxies={})}
