"""The words that the control plane and the workers share, written once.

The controller writes a phase into a task's environment and reads metrics; the worker does the
reverse. Both import this file: `api/chalicelib/contract.py` is a link to it, so that the Lambda's
zip and the worker's image carry the same text.
"""

from __future__ import annotations

from enum import StrEnum


class Env(StrEnum):
    """The environment variables through which a task learns its phase (docs/architecture.md)."""

    CONTROLLER_MODE = "CONTROLLER_MODE"
    DEMO_ID = "DEMO_ID"
    DEMO_PHASE = "DEMO_PHASE"
    TARGET_TPS = "TARGET_TPS"
    TASK_COUNT = "TASK_COUNT"
    PHASE_ENDS_AT = "PHASE_ENDS_AT"
    STREAM_NAME = "STREAM_NAME"
    AWS_REGION = "AWS_REGION"
    WORKER_PROCESSES = "WORKER_PROCESSES"
    AGGREGATION = "AGGREGATION"
    POST_BYTES = "POST_BYTES"
    RECORD_TEMPLATE = "RECORD_TEMPLATE"
    CLOUDWATCH_NAMESPACE = "CLOUDWATCH_NAMESPACE"
    METRICS_PUBLISH_INTERVAL = "METRICS_PUBLISH_INTERVAL"
    ENABLE_CLOUDWATCH_METRICS = "ENABLE_CLOUDWATCH_METRICS"


CONTROLLER_MODE = "step_functions"
WORKER_NAMESPACE = "KinesisOnDemandDemo"
CONTROLLER_NAMESPACE = "KinesisOnDemandDemo/StepFunctions"


class WorkerMetric(StrEnum):
    """What every worker publishes for each second; the dimensions are below."""

    GENERATED = "RecordsGenerated"
    DELIVERED = "RecordsDelivered"
    FAILED = "RecordsFailed"
    RETRIED = "RecordsRetried"
    THROTTLED = "RecordsThrottled"
    LATENCY_FROM_DUE = "LatencyFromDue"
    """Milliseconds from when the pace called for a record until Kinesis acknowledged it."""
    LATENCY_FROM_SEND = "LatencyFromSend"
    """Milliseconds from the sending of its request."""


class WorkerGauge(StrEnum):
    """What every worker publishes of the demo as a whole: `DemoId` is the only dimension."""

    OPEN_SHARDS = "OpenShards"
    """The stream's, as each task has just counted them: the maximum is the stream's number."""
    TASKS_SENDING = "TasksSending"
    """1 for each second in which the task made or settled a record: the sum is how many did."""


class ControllerMetric(StrEnum):
    """What the controller publishes at each step of the workflow."""

    PHASE_TRANSITION = "PhaseTransition"
    TARGET_TPS = "TargetTPS"
    TASK_COUNT = "TaskCount"
    DEMO_DURATION_SECONDS = "DemoDurationSeconds"
    DEMO_INITIALIZED = "DemoInitialized"
    DEMO_COMPLETED = "DemoCompleted"
    DEMO_FAILED = "DemoFailed"
    COST_USD = "CostUSD"
    """What the demo has cost so far."""


class Dimension(StrEnum):
    """Few, so that CloudWatch adds the tasks up itself: `DemoId`, and `DemoId` with `Phase`."""

    DEMO_ID = "DemoId"
    PHASE = "Phase"
