"""What CloudWatch gets adds up to the ledger, and its failures are survived."""

from collections import Counter

import pytest

from tests.cloudwatch import Recorder, accept, books, publisher
from worker.contract import WorkerGauge, WorkerMetric
from worker.histogram import CELLS, Distribution, Histogram
from worker.ledger import Cause, Ledger
from worker.publisher import MAX_SAMPLES_KEPT
from worker.scoreboard import Latency

COUNTS = [metric for metric in WorkerMetric if metric.startswith("Records")]


def test_the_sums_are_the_ledger_under_both_sets_of_dimensions(recorder: Recorder) -> None:
    accept(recorder)
    metrics = publisher(recorder)
    metrics.sample(100, books(10, 8), {})
    metrics.sample(101, books(25, 25, throttled=3), {})
    metrics.publish()
    for dimensions in (1, 2):
        assert recorder.total(WorkerMetric.GENERATED, dimensions) == 25
        assert recorder.total(WorkerMetric.DELIVERED, dimensions) == 25
        assert recorder.total(WorkerMetric.THROTTLED, dimensions) == 3


def test_each_value_is_stamped_with_its_second(recorder: Recorder) -> None:
    accept(recorder)
    metrics = publisher(recorder)
    metrics.sample(100, books(10, 10), {})
    metrics.sample(101, books(30, 30), {})
    metrics.publish()
    delivered = {
        datum["Timestamp"].timestamp(): datum["Value"]
        for datum in recorder.sent[0]["MetricData"]
        if datum["MetricName"] == WorkerMetric.DELIVERED and len(datum["Dimensions"]) == 2
    }
    assert delivered == {100.0: 10, 101.0: 20}


def test_no_dimension_names_a_task(recorder: Recorder) -> None:
    accept(recorder)
    metrics = publisher(recorder)
    metrics.sample(100, books(1, 1), {})
    metrics.publish()
    names = Counter(
        dimension["Name"]
        for datum in recorder.sent[0]["MetricData"]
        for dimension in datum["Dimensions"]
    )
    assert set(names) == {"DemoId", "Phase"}


def test_what_could_not_be_published_goes_with_the_next(
    recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder.stubber.add_client_error("put_metric_data", "Throttling")
    recorder.stubber.add_client_error("put_metric_data", "Throttling")
    accept(recorder)
    metrics = publisher(recorder)
    metrics.sample(100, books(10, 10), {})
    metrics.publish()
    metrics.publish()
    recorder.sent.clear()
    metrics.sample(101, books(15, 15), {})
    metrics.publish()
    assert recorder.total(WorkerMetric.DELIVERED, 1) == 15
    assert capsys.readouterr().err.count("metrics_not_published") == 1


def test_each_second_in_which_the_pool_sends_counts_it_once(recorder: Recorder) -> None:
    accept(recorder)
    metrics = publisher(recorder)
    metrics.sample(100, books(10, 8), {})
    metrics.sample(101, books(10, 10), {})
    metrics.sample(102, books(10, 10), {})
    metrics.publish()
    assert recorder.gauged(WorkerGauge.TASKS_SENDING) == [(100, 1), (101, 1)]


def test_the_shards_are_counted_once_a_publication_and_kept_while_it_fails(
    recorder: Recorder,
) -> None:
    counts = iter([4, 4, None, 8])
    metrics = publisher(recorder, lambda: next(counts))
    recorder.stubber.add_client_error("put_metric_data", "Throttling")
    accept(recorder, 3)
    for second in (100, 101, 102, 103):
        metrics.sample(second, books(second, second), {})
        if second == 101:
            recorder.sent.clear()
        metrics.publish()
    assert recorder.gauged(WorkerGauge.OPEN_SHARDS) == [(100, 4), (101, 4), (103, 8)]


def test_a_quiet_second_costs_no_call(recorder: Recorder) -> None:
    metrics = publisher(recorder, lambda: pytest.fail("the shards were counted"))
    metrics.sample(100, Ledger(), {})
    metrics.publish()
    assert recorder.sent == []


def test_calls_stay_under_the_limit_and_memory_bounded(recorder: Recorder) -> None:
    metrics = publisher(recorder)
    for second in range(2 * MAX_SAMPLES_KEPT):
        metrics.sample(second, books(second + 1, second + 1), {})
    accept(recorder, 7)
    metrics.publish()
    sizes = [len(call["MetricData"]) for call in recorder.sent]
    assert max(sizes) <= 1000
    assert sum(sizes) == MAX_SAMPLES_KEPT * (len(COUNTS) * 2 + 1)


def test_a_failed_record_is_counted(recorder: Recorder) -> None:
    accept(recorder)
    ledger = books(5, 3)
    ledger.fail(Cause.THROTTLED, 2)
    metrics = publisher(recorder)
    metrics.sample(100, ledger, {})
    metrics.publish()
    assert recorder.total(WorkerMetric.FAILED, 1) == 2


def latencies(*milliseconds: int) -> dict[Latency, Distribution]:
    cells = [0] * CELLS
    for ms in milliseconds:
        Histogram(cells).add(ms * 1_000_000)
    return {Latency.FROM_DUE: Distribution(cells)}


def test_latencies_are_published_as_values_and_counts_of_each_second(recorder: Recorder) -> None:
    accept(recorder)
    metrics = publisher(recorder)
    metrics.sample(100, books(3, 3), latencies(10, 10, 50))
    metrics.sample(101, books(4, 4), latencies(10, 10, 50, 200))
    metrics.publish()
    data = [
        datum
        for datum in recorder.sent[0]["MetricData"]
        if datum["MetricName"] == WorkerMetric.LATENCY_FROM_DUE and len(datum["Dimensions"]) == 1
    ]
    first, second = data
    assert first["Counts"] == [2, 1]
    assert first["Values"] == pytest.approx([10, 50], rel=0.06)
    assert second["Counts"] == [1]
    assert second["Values"] == pytest.approx([200], rel=0.06)
    assert first["Unit"] == "Milliseconds"


def test_no_metric_has_more_values_than_cloudwatch_takes(recorder: Recorder) -> None:
    accept(recorder)
    metrics = publisher(recorder)
    metrics.sample(100, books(900, 900), latencies(*range(1, 900), 30_000, 60_000))
    metrics.publish()
    sizes = [len(datum.get("Values", [])) for datum in recorder.sent[0]["MetricData"]]
    assert max(sizes) <= 150
