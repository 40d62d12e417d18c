"""Where everything is put together: settings and doors to AWS, each made on first use.

So a plain initialize_demo works without any AWS at all, and a cold Lambda pays only for what the
request at hand needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property

from chalicelib import clients, commitment, definition, settings
from chalicelib.budget import Budget
from chalicelib.cost import Stack
from chalicelib.fleet import Fleet
from chalicelib.metrics import Announcer, WorkerMetrics
from chalicelib.plan import Phase
from chalicelib.settings import Settings
from chalicelib.stream import Streams
from chalicelib.workflow import Workflow


class Services:
    """The control plane's surroundings. ConfigurationError on the first use of a bad setting."""

    def __init__(
        self,
        environment: Mapping[str, str],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._environment = environment
        self.clock = clock
        self.sleep = sleep

    @cached_property
    def settings(self) -> Settings:
        """The Lambda's environment, validated whole."""
        return settings.read(self._environment)

    @cached_property
    def kept_stream(self) -> str | None:
        """The name of the stack's stream; None if it was deployed without one."""
        return self.settings.stream_name if self.has_kept_stream else None

    @cached_property
    def has_kept_stream(self) -> bool:
        """Told without any other setting, so that a plain initialize_demo needs none."""
        return settings.has_kept_stream(self._environment)

    @cached_property
    def stack(self) -> Stack:
        """What stands in the stack, and costs, whether a demo runs or not."""
        return Stack(self.has_kept_stream, settings.has_monitoring(self._environment))

    @cached_property
    def per_task_capacity(self) -> float:
        """Records per second that one task is given."""
        return settings.per_task_capacity(self._environment)

    @cached_property
    def budget(self) -> Budget:
        """What a demo may spend at most."""
        return settings.budget(self._environment)

    @cached_property
    def default_phases(self) -> tuple[Phase, ...]:
        """The plan in statemachine.json."""
        return definition.default_phases(self.per_task_capacity)

    @cached_property
    def workflow(self) -> Workflow:
        """Step Functions."""
        return Workflow(clients.stepfunctions(), self.settings.state_machine_arn)

    @cached_property
    def fleet(self) -> Fleet:
        """ECS."""
        return Fleet(clients.ecs(), self.settings)

    @cached_property
    def announcer(self) -> Announcer:
        """CloudWatch, for the controller's metrics."""
        return Announcer(clients.cloudwatch_writer)

    @cached_property
    def worker_metrics(self) -> WorkerMetrics:
        """CloudWatch, for the workers' metrics."""
        return WorkerMetrics(clients.cloudwatch_reader())

    @cached_property
    def hasty_metrics(self) -> WorkerMetrics:
        """The same, for who would rather do without than wait."""
        return WorkerMetrics(clients.cloudwatch_writer())

    @cached_property
    def streams(self) -> Streams:
        """Kinesis."""
        return Streams(clients.kinesis(), self.clock, self.sleep)

    def require_commitment(self) -> None:
        """Raises, with the price, unless the account may warm streams: see commitment.py."""
        commitment.require(clients.kinesis(), self.settings.region)
