"""A CloudWatch that keeps what it is sent, for the tests of what workers publish to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.stub import ANY, Stubber

from worker.contract import WorkerGauge, WorkerMetric
from worker.ledger import Ledger
from worker.publisher import CloudWatchPublisher


class Recorder:
    """A CloudWatch client that keeps what it gets, or refuses it."""

    def __init__(self, stubber: Stubber) -> None:
        self.stubber = stubber
        self.sent: list[dict[str, Any]] = []
        self.unanswered: list[Exception] = []
        """What the next calls end with once they are sent."""
        stubber.client.meta.events.register(
            "before-parameter-build.cloudwatch.PutMetricData", self._keep
        )

    def _keep(self, params: dict[str, Any], **_: object) -> None:
        self.sent.append(params)
        if self.unanswered:
            raise self.unanswered.pop(0)

    def gauged(self, gauge: WorkerGauge) -> list[tuple[float, float]]:
        """(second, value) of each; every one is the demo's, and by the second."""
        found = [d for call in self.sent for d in call["MetricData"] if d["MetricName"] == gauge]
        demo = [{"Name": "DemoId", "Value": "demo-1"}]
        assert all((d["Dimensions"], d["StorageResolution"]) == (demo, 1) for d in found)
        return [(datum["Timestamp"].timestamp(), datum["Value"]) for datum in found]

    def total(self, metric: WorkerMetric, dimensions: int) -> float:
        return sum(
            float(datum["Value"])
            for call in self.sent
            for datum in call["MetricData"]
            if datum["MetricName"] == metric and len(datum["Dimensions"]) == dimensions
        )


def accept(recorder: Recorder, times: int = 1) -> None:
    for _ in range(times):
        recorder.stubber.add_response("put_metric_data", {}, {"Namespace": "N", "MetricData": ANY})


def publisher(
    recorder: Recorder, shards: Callable[[], int | None] = lambda: None
) -> CloudWatchPublisher:
    client: Any = recorder.stubber.client
    return CloudWatchPublisher(client, "N", "demo-1", 2, shards)


def books(generated: int, delivered: int, throttled: int = 0) -> Ledger:
    return Ledger(generated=generated, delivered=delivered, throttled=throttled)
