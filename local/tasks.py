"""Runs one ECS task of the embedded stack as processes of this machine.

What ECS and the container would do: the definition's environment and nothing of the caller's, a
private temporary folder, as many CPUs as the task's share comes to, SIGTERM and then SIGKILL when
it is stopped, and the whole process group gone when its first process is. The image's entry point
(`python -m worker`, see worker/Dockerfile) is run with this interpreter.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskDefinitionTypeDef

ENTRYPOINT = (sys.executable, "-m", "worker")
REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_STOP_TIMEOUT = 30
"""Seconds. Source: ECS API reference, ContainerDefinition.stopTimeout."""

_placement = count()


@dataclass(frozen=True)
class TaskDefinition:
    """What the agent needs of an ECS task definition."""

    environment: dict[str, str]
    cpu_units: int
    """1,024 are one vCPU."""
    stop_timeout: int
    log_group: str | None
    log_prefix: str
    container: str

    @classmethod
    def parse(cls, definition: TaskDefinitionTypeDef) -> TaskDefinition:
        """Read DescribeTaskDefinition's answer; the first container is the task's one."""
        container = definition["containerDefinitions"][0]
        log_driver = container.get("logConfiguration")
        options = log_driver.get("options", {}) if log_driver else {}
        return cls(
            environment={e["name"]: e["value"] for e in container["environment"]},
            cpu_units=int(definition.get("cpu") or 1024),
            stop_timeout=container.get("stopTimeout", DEFAULT_STOP_TIMEOUT),
            log_group=options.get("awslogs-group"),
            log_prefix=options.get("awslogs-stream-prefix", "ecs"),
            container=container["name"],
        )


class TaskProcess:
    """A running task: its first process, its folder and its log."""

    def __init__(
        self, arn: str, definition: TaskDefinition, folder: Path, environ: Mapping[str, str]
    ) -> None:
        """Start it. `environ` is what the platform adds: credentials, endpoint, path."""
        self.arn = arn
        self.definition = definition
        self.folder = folder / self.task_id
        self.folder.mkdir(parents=True)
        self.log_path = self.folder / "output.log"
        self._kill_at: float | None = None
        self._over = False
        with self.log_path.open("wb") as output:
            self._process = subprocess.Popen(  # nosec B603 # the worker, as its image starts it
                ENTRYPOINT,
                cwd=REPOSITORY,
                env={**environ, **definition.environment, "TMPDIR": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(_use_cpus, _cpus_for(definition.cpu_units)),
            )
        self.started = time.monotonic()

    @property
    def task_id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def log_stream(self) -> str:
        """Named as the awslogs driver does: prefix/container/task-id."""
        return f"{self.definition.log_prefix}/{self.definition.container}/{self.task_id}"

    @property
    def stopping(self) -> bool:
        return self._kill_at is not None

    def exit_code(self) -> int | None:
        """The exit code once the first process has ended (a signal: negative), else None."""
        if not self._over and self._process.poll() is not None:
            self._signal(signal.SIGKILL)
            self._over = True
        return self._process.returncode

    def stop(self) -> None:
        """Send SIGTERM, once; `enforce_stop` does the rest."""
        if not self.stopping:
            self._kill_at = time.monotonic() + self.definition.stop_timeout
            self._process.terminate()

    def enforce_stop(self, *, now: bool = False) -> None:
        """Kill the task if it has outlived its stop timeout (or `now`)."""
        due = self._kill_at is not None and time.monotonic() > self._kill_at
        # Not once it is reaped: its number, which is the group's too, may be another's by then.
        if (now or due) and not self._over:
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        # A group of which nobody is left can't be signalled; macOS has another word for it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _cpus_for(cpu_units: int) -> frozenset[int]:
    """Place a task: the next few CPUs, round robin, as many as its vCPUs come to."""
    if not hasattr(os, "sched_getaffinity"):
        return frozenset()
    available = sorted(os.sched_getaffinity(0))
    wanted = min(len(available), math.ceil(cpu_units / 1024))
    first = next(_placement)
    return frozenset(available[(first + offset) % len(available)] for offset in range(wanted))


def _use_cpus(cpus: frozenset[int]) -> None:
    if cpus:
        os.sched_setaffinity(0, cpus)
