"""How the workers' metrics are asked for: as finely as CloudWatch still has them, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from chalicelib import clients, timeseries
from chalicelib.contract import WorkerMetric
from chalicelib.metrics import WorkerMetrics
from tests import control_plane

BEGIN = 1_800_000_007
HOUR, DAY = 3600, 86_400


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    control_plane.use_environment(monkeypatch)
    with Stubber(clients.cloudwatch_reader()) as stub:
        yield stub
    control_plane.forget_clients()


def asked(stub: Stubber, **later: float) -> dict[str, Any]:
    """What CloudWatch is asked about one phase, so much later."""
    seen: dict[str, Any] = {}
    stub.add_response("get_metric_data", {"MetricDataResults": []})
    clients.cloudwatch_reader().meta.events.register_first(
        "provide-client-params.cloudwatch.GetMetricData", lambda params, **_: seen.update(params)
    )
    now = BEGIN + later["seconds"]
    WorkerMetrics(clients.cloudwatch_reader()).read("demo", [3], begin=BEGIN, end=now, now=now)
    return seen


@pytest.mark.parametrize(
    ("age", "period"),
    [
        (0, 1),
        (3 * HOUR - 1, 1),
        (3 * HOUR, 60),
        (15 * DAY - 1, 60),
        (15 * DAY, 300),
        (63 * DAY, 3600),
    ],
)
def test_the_period_is_the_finest_that_cloudwatch_keeps_for_so_long(age: int, period: int) -> None:
    assert timeseries.finest_period(age) == period


@pytest.mark.parametrize(("seconds", "fine", "coarse"), [(30, 1, 60), (DAY, 60, 60)])
def test_only_deliveries_are_asked_for_by_the_second(
    cloudwatch: Stubber, seconds: int, fine: int, coarse: int
) -> None:
    queries = asked(cloudwatch, seconds=seconds)["MetricDataQueries"]
    periods = {
        query["MetricStat"]["Metric"]["MetricName"]: query["MetricStat"]["Period"]
        for query in queries
    }
    expected = {str(metric): coarse for metric in WorkerMetric}
    assert periods == expected | {WorkerMetric.DELIVERED: fine}


def test_the_window_is_made_of_whole_minutes_and_the_ids_are_valid(cloudwatch: Stubber) -> None:
    request = asked(cloudwatch, seconds=30)
    assert request["StartTime"] == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    assert request["EndTime"] == datetime(2027, 1, 15, 8, 1, tzinfo=UTC)
    assert all(re.fullmatch(r"[a-z]\w*", query["Id"]) for query in request["MetricDataQueries"])


def test_percentiles_are_asked_for_as_one_period_of_a_phase_or_of_the_demo(
    cloudwatch: Stubber,
) -> None:
    request: dict[str, Any] = {}
    window = timeseries.spanning(BEGIN, BEGIN + 50, BEGIN + 60)
    results = [
        {"Id": query_id, "Timestamps": [datetime.fromtimestamp(window.begin, UTC)], "Values": [ms]}
        for query_id, ms in (("p99_of_2", 7.5), ("p50_of_all", 2.5))
    ]
    cloudwatch.add_response("get_metric_data", {"MetricDataResults": results})
    client = clients.cloudwatch_reader()
    client.meta.events.register_first(
        "provide-client-params.cloudwatch.GetMetricData", lambda params, **_: request.update(params)
    )
    found = WorkerMetrics(client).percentiles("demo", {(2, 99), (None, 50), (3, 90)}, window)
    assert found == {(2, 99): 7.5, (None, 50): 2.5}
    asked_for = {
        query["Id"]: (
            query["MetricStat"]["Stat"],
            query["MetricStat"]["Period"],
            [pair["Value"] for pair in query["MetricStat"]["Metric"]["Dimensions"]],
        )
        for query in request["MetricDataQueries"]
    }
    assert asked_for == {
        "p99_of_2": ("p99", window.period, ["demo", "2"]),
        "p90_of_3": ("p90", window.period, ["demo", "3"]),
        "p50_of_all": ("p50", window.period, ["demo"]),
    }
    assert (request["StartTime"].timestamp(), request["EndTime"].timestamp()) == (
        window.begin,
        window.end,
    )


def test_counts_are_put_together_from_all_pages(cloudwatch: Stubber) -> None:
    for second, token in ((BEGIN, "more"), (BEGIN + 1, None)):
        result = {
            "Id": "p3_RecordsDelivered",
            "Timestamps": [datetime.fromtimestamp(second, UTC)],
            "Values": [5.0],
        }
        page = {"MetricDataResults": [result]} | ({"NextToken": token} if token else {})
        cloudwatch.add_response("get_metric_data", page)
    found = WorkerMetrics(clients.cloudwatch_reader()).read(
        "demo", [3], begin=BEGIN, end=BEGIN + 9, now=BEGIN + 9
    )
    assert found[3, WorkerMetric.DELIVERED].counts == {BEGIN: 5.0, BEGIN + 1: 5.0}
    assert found[3, WorkerMetric.FAILED].counts == {}


@pytest.mark.usefixtures("cloudwatch")
def test_a_demo_without_a_started_phase_is_not_asked_about() -> None:
    assert WorkerMetrics(clients.cloudwatch_reader()).read("demo", [], BEGIN, BEGIN, BEGIN) == {}
