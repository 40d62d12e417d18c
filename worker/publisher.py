"""Publishes the task's counts to CloudWatch: one value per metric and second.

Samples are taken every second, stamped with it, and sent every METRICS_PUBLISH_INTERVAL, so the
series is as fine as a phase needs whatever the interval is; the shards are counted as often as
samples are sent. A publication that fails is logged and
its samples are kept for the next one: metrics never hold up or end the sending. Values are
differences of the ledger, so CloudWatch's Sum over all tasks is the count itself; hence nothing
that may have been taken is sent again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)

from worker import log
from worker.contract import Dimension, WorkerGauge, WorkerMetric
from worker.hasty import hasty
from worker.histogram import CELLS, Distribution
from worker.ledger import Ledger
from worker.scoreboard import Latency

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDatumTypeDef

MAX_METRICS_PER_CALL = 1_000
"""Source: CloudWatch API reference, PutMetricData: up to 1,000 different metrics a request."""
MAX_VALUES_PER_METRIC = 150
"""Source: the same, MetricDatum: up to 150 values."""
MAX_SAMPLES_KEPT = 600
"""Ten minutes' worth; older ones are dropped while CloudWatch can't be reached."""
_IN_DOUBT = (ConnectionClosedError, ReadTimeoutError)
"""The request was sent and no answer came, so CloudWatch may have taken it."""

NOTHING = Distribution((0,) * CELLS)
_LATENCY_METRICS = {
    Latency.FROM_DUE: WorkerMetric.LATENCY_FROM_DUE,
    Latency.FROM_SEND: WorkerMetric.LATENCY_FROM_SEND,
}


@dataclass(frozen=True)
class Sample:
    """What happened in the second that began at `second` (Unix time), in which something did."""

    second: int
    counts: dict[WorkerMetric, int]
    latencies: dict[WorkerMetric, list[tuple[float, int]]]
    """(milliseconds, records) of each latency that occurred."""
    shards: int | None = None
    """How many were open at its end, where they were counted."""


class Publisher(Protocol):
    """The pool's port to a metrics service."""

    def sample(self, second: int, books: Ledger, latencies: Mapping[Latency, Distribution]) -> None:
        """Note the books and latencies as they stand at the end of `second`."""

    def publish(self) -> None:
        """Send what was noted. Bounded in time; a failure is logged, not raised."""


class NoPublisher:
    """For ENABLE_CLOUDWATCH_METRICS=false."""

    def sample(self, second: int, books: Ledger, latencies: Mapping[Latency, Distribution]) -> None:
        del second, books, latencies

    def publish(self) -> None:
        pass


class CloudWatchPublisher:
    """Publishes one task's counts under two sets of dimensions: the demo, and the demo's phase.

    The gauges are the demo's only.
    """

    def __init__(
        self,
        client: CloudWatchClient,
        namespace: str,
        demo_id: str,
        phase: int,
        count_shards: Callable[[], int | None],
    ) -> None:
        """`count_shards` tells how many are open; None where that can't be told."""
        self._client = client
        self._namespace = namespace
        self._count_shards = count_shards
        demo: DimensionTypeDef = {"Name": Dimension.DEMO_ID, "Value": demo_id}
        self._of_demo: list[DimensionTypeDef] = [demo]
        self._of_phase: list[DimensionTypeDef] = [
            demo,
            {"Name": Dimension.PHASE, "Value": str(phase)},
        ]
        self._samples: deque[Sample] = deque(maxlen=MAX_SAMPLES_KEPT)
        self._last = counts_of(Ledger())
        self._last_latencies: dict[Latency, Distribution] = {}
        self._failing = False

    def sample(self, second: int, books: Ledger, latencies: Mapping[Latency, Distribution]) -> None:
        counts = counts_of(books)
        change = {metric: counts[metric] - self._last[metric] for metric in counts}
        buckets = {
            _LATENCY_METRICS[kind]: now.since(self._last_latencies.get(kind, NOTHING)).buckets()
            for kind, now in latencies.items()
        }
        self._last, self._last_latencies = counts, dict(latencies)
        if any(change.values()):
            self._samples.append(Sample(second, change, buckets))

    def publish(self) -> None:
        if not self._samples:
            return
        self._note_shards()
        while self._samples:
            samples, data = self._next_call()
            try:
                self._client.put_metric_data(Namespace=self._namespace, MetricData=data)
            except _IN_DOUBT as error:
                _tell_in_doubt(samples, error)
                self._drop(samples)
                return
            except (BotoCoreError, ClientError) as error:
                if not self._failing:
                    log.event(
                        "metrics_not_published", error=str(error), keeping="until it works again"
                    )
                self._failing = True
                return
            self._drop(samples)
        self._failing = False

    def _note_shards(self) -> None:
        count = self._count_shards()
        if count is not None:
            self._samples[-1] = replace(self._samples[-1], shards=count)

    def _next_call(self) -> tuple[list[Sample], list[MetricDatumTypeDef]]:
        """The oldest samples, as many as a call holds, and their data.

        Whole ones: what a call that is in doubt takes with it are a second's records made and
        settled, under both sets of dimensions.
        """
        samples: list[Sample] = []
        data: list[MetricDatumTypeDef] = []
        for sample in self._samples:
            more = self._data(sample)
            if samples and len(data) + len(more) > MAX_METRICS_PER_CALL:
                break
            samples.append(sample)
            data += more
        return samples, data

    def _drop(self, samples: list[Sample]) -> None:
        for _ in samples:
            self._samples.popleft()

    def _data(self, sample: Sample) -> list[MetricDatumTypeDef]:
        moment = _moment(sample.second)
        counts: list[MetricDatumTypeDef] = [
            {"MetricName": metric, "Value": count, "Unit": "Count"}
            for metric, count in sample.counts.items()
        ]
        latencies: list[MetricDatumTypeDef] = [
            {
                "MetricName": metric,
                "Values": [milliseconds for milliseconds, _ in part],
                "Counts": [count for _, count in part],
                "Unit": "Milliseconds",
            }
            for metric, buckets in sample.latencies.items()
            for part in _parts(buckets)
        ]
        gauges = {WorkerGauge.TASKS_SENDING: 1}
        if sample.shards is not None:
            gauges[WorkerGauge.OPEN_SHARDS] = sample.shards
        return [
            *(self._gauge(gauge, moment, value) for gauge, value in gauges.items()),
            *(
                _stamped(datum, dimensions, moment)
                for datum in (*counts, *latencies)
                for dimensions in (self._of_demo, self._of_phase)
            ),
        ]

    def _gauge(self, gauge: WorkerGauge, moment: datetime, value: int) -> MetricDatumTypeDef:
        datum: MetricDatumTypeDef = {"MetricName": gauge, "Value": value, "Unit": "Count"}
        return _stamped(datum, self._of_demo, moment)


def _tell_in_doubt(samples: list[Sample], error: Exception) -> None:
    log.event(
        "metrics_in_doubt",
        error=str(error),
        first_second=samples[0].second,
        last_second=samples[-1].second,
        keeping="none: what was taken and sent again would count twice",
    )


def _stamped(
    datum: MetricDatumTypeDef, dimensions: list[DimensionTypeDef], moment: datetime
) -> MetricDatumTypeDef:
    return {**datum, "Dimensions": dimensions, "Timestamp": moment, "StorageResolution": 1}


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _parts(buckets: list[tuple[float, int]]) -> list[list[tuple[float, int]]]:
    starts = range(0, len(buckets), MAX_VALUES_PER_METRIC)
    return [buckets[start : start + MAX_VALUES_PER_METRIC] for start in starts]


def counts_of(books: Ledger) -> dict[WorkerMetric, int]:
    """The published metrics' values since the start."""
    return {
        WorkerMetric.GENERATED: books.generated,
        WorkerMetric.DELIVERED: books.delivered,
        WorkerMetric.FAILED: books.failed,
        WorkerMetric.RETRIED: books.retried,
        WorkerMetric.THROTTLED: books.throttled,
    }


def cloudwatch_client(region: str) -> CloudWatchClient:
    """Return a client that gives up soon, since the pool waits for it, and sends nothing twice."""
    return boto3.client("cloudwatch", config=hasty(region, read_timeout=3))
