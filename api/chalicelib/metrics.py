"""CloudWatch, both ways: what the controller tells it, and what the workers told it.

Telling is best effort: a demo's result doesn't depend on it, so a failure is logged and counted.
Reading asks for plain statistics, and adds up here: the embedded stack knows no metric math.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import log
from chalicelib.contract import (
    CONTROLLER_NAMESPACE,
    WORKER_NAMESPACE,
    ControllerMetric,
    Dimension,
    WorkerGauge,
    WorkerMetric,
)
from chalicelib.report import Series
from chalicelib.timeseries import Statistic, Window, finest_period

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDataQueryTypeDef

PhaseMetric = tuple[int, WorkerMetric]
PhasePercentile = tuple[int | None, int]
"""A phase, or None for the whole demo, and a percentage."""

_MINUTE = 60
_UNITS: Mapping[ControllerMetric, StandardUnitType] = {
    ControllerMetric.TARGET_TPS: "Count/Second",
    ControllerMetric.DEMO_DURATION_SECONDS: "Seconds",
    ControllerMetric.COST_USD: "None",
}


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
        self,
        demo_id: str,
        phases: Collection[int],
        begin: float,
        end: float,
        now: float,
        metrics: Collection[WorkerMetric] = tuple(WorkerMetric),
    ) -> dict[PhaseMetric, Series]:
        """These metrics of these phases, from `begin` to `end` (epoch seconds).

        Deliveries come second by second while CloudWatch has them so, the rest minute by minute:
        only rates need the seconds.
        """
        if not phases:
            return {}
        fine = finest_period(now - begin)
        periods = {
            (phase, metric): fine if metric is WorkerMetric.DELIVERED else max(fine, _MINUTE)
            for phase in phases
            for metric in metrics
        }
        align = max(periods.values())
        counts = self._values(
            [_query_of_phase(demo_id, key, period) for key, period in periods.items()],
            math.floor(begin / align) * align,
            math.ceil(end / align) * align,
        )
        return {key: Series(period, counts[_id(key)]) for key, period in periods.items()}

    def summed_up(
        self, demo_id: str, wanted: Mapping[str, Statistic], window: Window
    ) -> Mapping[str, Mapping[int, float]]:
        """Each of these of the whole demo, by the name it is asked for and its period's beginning.

        CloudWatch takes 500 queries at once, and a name that begins with a small letter.
        """
        if not window.starts:
            return {}
        queries = [
            _query(name, how.metric, how.stat, window.period, _dimensions(demo_id, None))
            for name, how in wanted.items()
        ]
        return self._values(queries, window.begin, window.end)

    def percentiles(
        self,
        demo_id: str,
        asked: Collection[PhasePercentile],
        window: Window,
    ) -> dict[PhasePercentile, float]:
        """Milliseconds from due time within which so many percent of the records were delivered.

        Percentiles of parts can't be added up, so `window` is one period that holds all of the
        demo. What CloudWatch has nothing of is left out.
        """
        queries = {
            f"p{percent}_of_{phase or 'all'}": (phase, percent)
            for phase, percent in sorted(asked, key=str)
        }
        values = self._values(
            [
                _query(
                    query_id,
                    WorkerMetric.LATENCY_FROM_DUE,
                    f"p{percent}",
                    window.period,
                    _dimensions(demo_id, phase),
                )
                for query_id, (phase, percent) in queries.items()
            ],
            window.begin,
            window.end,
        )
        return {
            key: value for query_id, key in queries.items() for value in values[query_id].values()
        }

    def _values(
        self, queries: Sequence[MetricDataQueryTypeDef], begin: int, end: int
    ) -> Mapping[str, dict[int, float]]:
        pages = self._client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(begin, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
            ScanBy="TimestampAscending",
        )
        return _merged(
            (result["Id"], at, value)
            for page in pages
            for result in page["MetricDataResults"]
            for at, value in zip(result["Timestamps"], result["Values"], strict=True)
        )


def _merged(points: Iterable[tuple[str, datetime, float]]) -> Mapping[str, dict[int, float]]:
    counts: dict[str, dict[int, float]] = defaultdict(dict)
    for query_id, at, value in points:
        counts[query_id][int(at.timestamp())] = value
    return counts


def _id(key: PhaseMetric) -> str:
    """A query's id: lower case first, then letters, digits, _ (botocore: MetricDataQuery)."""
    phase, metric = key
    return f"p{phase}_{metric}"


def _query_of_phase(demo_id: str, key: PhaseMetric, period: int) -> MetricDataQueryTypeDef:
    phase, metric = key
    return _query(_id(key), metric, "Sum", period, _dimensions(demo_id, phase))


def _query(
    query_id: str,
    metric: WorkerMetric | WorkerGauge,
    stat: str,
    period: int,
    dimensions: Sequence[DimensionTypeDef],
) -> MetricDataQueryTypeDef:
    return {
        "Id": query_id,
        "MetricStat": {
            "Metric": {
                "Namespace": WORKER_NAMESPACE,
                "MetricName": str(metric),
                "Dimensions": dimensions,
            },
            "Period": period,
            "Stat": stat,
        },
    }


def _dimensions(demo_id: str, phase: int | None) -> list[DimensionTypeDef]:
    of_phase = [] if phase is None else [_dimension(Dimension.PHASE, str(phase))]
    return [_dimension(Dimension.DEMO_ID, demo_id), *of_phase]


def _dimension(name: Dimension, value: str) -> DimensionTypeDef:
    return {"Name": str(name), "Value": value}
