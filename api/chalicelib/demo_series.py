"""A demo second by second, as the API answers it: read from CloudWatch, put together by timeseries.

Like all that is told of a demo it comes from what Step Functions and CloudWatch keep anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib import timeseries
from chalicelib.demo_state import DEFAULT_METRICS_INTERVAL
from chalicelib.services import Services
from chalicelib.timeseries import STRAGGLERS_SECONDS, Known
from chalicelib.workflow import Execution


def of_demo(demo_id: str, query: Mapping[str, str], services: Services) -> dict[str, Any]:
    """The demo's series. InvalidWindow for a bad `since` or `period`; UnknownDemo if there is none.

    Other errors of AWS pass through as botocore raises them.
    """
    asked = timeseries.read_query(query)
    execution = services.workflow.describe(demo_id)
    state = services.workflow.progress(execution).demo_state
    now = services.clock()
    interval = state.metrics_interval if state else DEFAULT_METRICS_INTERVAL
    known = _known(execution, now, interval, services)
    window = timeseries.window(asked, started_at=execution.started_at, known=known, now=now)
    return timeseries.assembled(
        demo_id,
        window,
        services.worker_metrics.summed_up(demo_id, timeseries.SERIES, window),
        state.runs if state else (),
        known=known,
        stopped_at=execution.stopped_at,
    )


def _known(execution: Execution, now: float, interval: float, services: Services) -> Known:
    """ECS is asked only while a task may still drain."""
    stopped_at = execution.stopped_at
    drained = stopped_at is not None and (
        now >= stopped_at + STRAGGLERS_SECONDS or not services.fleet.has_tasks(execution.demo_id)
    )
    return timeseries.known(now=now, stopped_at=stopped_at, drained=drained, interval=interval)
