"""No second is counted twice: what may have been taken isn't sent again, and the rest is kept."""

from __future__ import annotations

import json
import socketserver
import threading
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from tests.cloudwatch import Recorder, accept, books, publisher
from worker.contract import WorkerGauge, WorkerMetric
from worker.publisher import MAX_SAMPLES_KEPT, CloudWatchPublisher, cloudwatch_client

IN_DOUBT = (ReadTimeoutError(endpoint_url="x"), ConnectionClosedError(endpoint_url="x"))
NOT_SENT = (ConnectTimeoutError(endpoint_url="x"), EndpointConnectionError(endpoint_url="x"))


@pytest.mark.parametrize("error", IN_DOUBT, ids=lambda error: type(error).__name__)
def test_what_cloudwatch_may_have_taken_is_not_sent_again_and_told_of(
    recorder: Recorder, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    metrics = publisher(recorder, lambda: 4)
    accept(recorder, 2)
    recorder.unanswered.append(error)
    metrics.sample(100, books(10, 8), {})
    metrics.sample(101, books(12, 12), {})
    metrics.publish()
    metrics.publish()
    metrics.sample(102, books(15, 15), {})
    metrics.publish()
    assert len(recorder.sent) == 2
    assert recorder.total(WorkerMetric.DELIVERED, 1) == 15
    assert recorder.gauged(WorkerGauge.OPEN_SHARDS) == [(101, 4), (102, 4)]
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["error"]) == ("metrics_in_doubt", str(error))
    assert (told["first_second"], told["last_second"]) == (100, 101)


@pytest.mark.parametrize("error", NOT_SENT, ids=lambda error: type(error).__name__)
def test_what_never_reached_cloudwatch_is_kept(recorder: Recorder, error: Exception) -> None:
    accept(recorder)
    metrics = publisher(recorder)
    recorder.unanswered.append(error)
    metrics.sample(100, books(10, 10), {})
    metrics.publish()
    recorder.sent.clear()
    metrics.publish()
    assert recorder.total(WorkerMetric.DELIVERED, 1) == 10


def test_of_several_calls_those_that_went_through_are_not_sent_again(recorder: Recorder) -> None:
    metrics = publisher(recorder)
    for second in range(MAX_SAMPLES_KEPT):
        metrics.sample(second, books(second + 1, second + 1), {})
    accept(recorder)
    recorder.stubber.add_client_error("put_metric_data", "Throttling")
    metrics.publish()
    _, refused = recorder.sent
    accept(recorder, 6)
    metrics.publish()
    assert recorder.sent[2] == refused
    del recorder.sent[1]
    for dimensions in (1, 2):
        assert recorder.total(WorkerMetric.DELIVERED, dimensions) == MAX_SAMPLES_KEPT


def test_of_several_calls_only_the_one_in_doubt_is_dropped_with_whole_seconds(
    recorder: Recorder,
) -> None:
    metrics = publisher(recorder)
    for second in range(MAX_SAMPLES_KEPT):
        metrics.sample(second, books(second + 1, second + 1), {})
    accept(recorder, 7)
    recorder.unanswered.append(IN_DOUBT[0])
    metrics.publish()
    doubtful = recorder.total(WorkerMetric.DELIVERED, 1)
    for metric in (WorkerMetric.GENERATED, WorkerMetric.DELIVERED):
        assert recorder.total(metric, 1) == recorder.total(metric, 2) == doubtful > 0
    recorder.sent.clear()
    metrics.publish()
    assert recorder.total(WorkerMetric.DELIVERED, 1) == MAX_SAMPLES_KEPT - doubtful


class HangingUp(socketserver.ThreadingTCPServer):
    """Takes requests, and answers none."""

    def __init__(self) -> None:
        self.requests = 0
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, _: object) -> None:
        if request.recv(1 << 16):
            self.requests += 1


@pytest.mark.usefixtures("recorder")
def test_what_is_not_answered_was_sent_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with HangingUp() as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        metrics = CloudWatchPublisher(cloudwatch_client("us-east-1"), "N", "d", 1, lambda: None)
        metrics.sample(100, books(10, 10), {})
        metrics.publish()
        metrics.publish()
        server.shutdown()
    assert server.requests == 1
    assert "metrics_in_doubt" in capsys.readouterr().err
