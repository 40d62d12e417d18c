"""CloudWatch, both ways: what the controller tells it, and what the workers told it.

Telling is best effort: a demo's result doesn't depend on it, so a failure is logged and counted.
Reading asks for sums only, and adds up here: the embedded stack knows no metric math.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import log
from chalicelib.contract import (
    CONTROLLER_NAMESPACE,
    WORKER_NAMESPACE,
    ControllerMetric,
    Dimension,
    WorkerMetric,
)
from chalicelib.report import Series

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDataQueryTypeDef

PhaseMetric = tuple[int, WorkerMetric]

_HOUR, _DAY, _MINUTE = 3600, 86_400, 60
# How long CloudWatch keeps which resolution (CloudWatch user guide, Metrics retention).
_RETENTION = ((3 * _HOUR, 1), (15 * _DAY, _MINUTE), (63 * _DAY, 5 * _MINUTE))
_UNITS: Mapping[ControllerMetric, StandardUnitType] = {
    ControllerMetric.TARGET_TPS: "Count/Second",
    ControllerMetric.DEMO_DURATION_SECONDS: "Seconds",
}


def finest_period(age_seconds: float) -> int:
    """The finest resolution, in seconds, that CloudWatch still has of data this old."""
    return next((period for kept, period in _RETENTION if age_seconds < kept), _HOUR)


class Announcer:
    """Publishes the controller's metrics; even making the client is left to the first use."""

    def __init__(self, client: Callable[[], CloudWatchClient]) -> None:
        self._client = client

    def publish(self, demo_id: str, values: Mapping[ControllerMetric, float]) -> int:
        """Tells CloudWatch about one demo. Returns how many calls failed: 0 or 1."""
        try:
            self._client().put_metric_data(
                Namespace=CONTROLLER_NAMESPACE,
                MetricData=[
                    {
                        "MetricName": str(metric),
                        "Value": value,
                        "Unit": _UNITS.get(metric, "Count"),
                        "Dimensions": [_dimension(Dimension.DEMO_ID, demo_id)],
                    }
                    for metric, value in values.items()
                ],
            )
        except (BotoCoreError, ClientError) as error:
            log.line(
                log.Level.WARNING,
                "metrics_not_published",
                demo_id=demo_id,
                metrics=[str(metric) for metric in values],
                cause=str(error),
            )
            return 1
        return 0


class WorkerMetrics:
    """Reads what the workers published. AWS's errors pass through as botocore raises them."""

    def __init__(self, client: CloudWatchClient) -> None:
        self._client = client

    def read(
        self, demo_id: str, phases: Collection[int], begin: float, end: float, now: float
    ) -> dict[PhaseMetric, Series]:
        """Every worker metric of these phases, from `begin` to `end` (epoch seconds).

        Deliveries come second by second while CloudWatch has them so, the rest minute by minute:
        only rates need the seconds.
        """
        if not phases:
            return {}
        fine = finest_period(now - begin)
        periods = {
            (phase, metric): fine if metric is WorkerMetric.DELIVERED else max(fine, _MINUTE)
            for phase in phases
            for metric in WorkerMetric
        }
        align = max(periods.values())
        pages = self._client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[_query(demo_id, key, period) for key, period in periods.items()],
            StartTime=datetime.fromtimestamp(math.floor(begin / align) * align, UTC),
            EndTime=datetime.fromtimestamp(math.ceil(end / align) * align, UTC),
            ScanBy="TimestampAscending",
        )
        counts = _merged(
            (result["Id"], at, value)
            for page in pages
            for result in page["MetricDataResults"]
            for at, value in zip(result["Timestamps"], result["Values"], strict=True)
        )
        return {key: Series(period, counts[_id(key)]) for key, period in periods.items()}


def _merged(points: Iterable[tuple[str, datetime, float]]) -> Mapping[str, dict[int, float]]:
    counts: dict[str, dict[int, float]] = defaultdict(dict)
    for query_id, at, value in points:
        counts[query_id][int(at.timestamp())] = value
    return counts


def _id(key: PhaseMetric) -> str:
    """A query's id: lower case first, then letters, digits, _ (botocore: MetricDataQuery)."""
    phase, metric = key
    return f"p{phase}_{metric}"


def _query(demo_id: str, key: PhaseMetric, period: int) -> MetricDataQueryTypeDef:
    phase, metric = key
    return {
        "Id": _id(key),
        "MetricStat": {
            "Metric": {
                "Namespace": WORKER_NAMESPACE,
                "MetricName": str(metric),
                "Dimensions": [
                    _dimension(Dimension.DEMO_ID, demo_id),
                    _dimension(Dimension.PHASE, str(phase)),
                ],
            },
            "Period": period,
            "Stat": "Sum",
        },
    }


def _dimension(name: Dimension, value: str) -> DimensionTypeDef:
    return {"Name": str(name), "Value": value}
