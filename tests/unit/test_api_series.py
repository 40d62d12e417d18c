"""GET /demo/{id}/metrics, called as API Gateway calls it; AWS is moto's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

import app
from chalicelib import clients, demo_state, timeseries
from chalicelib.contract import WORKER_NAMESPACE, WorkerGauge, WorkerMetric
from chalicelib.demo_state import PhaseRun
from chalicelib.fleet import Fleet
from chalicelib.history import Progress
from chalicelib.plan import Phase
from chalicelib.workflow import Workflow
from tests.control_plane import at, client, post


def publish(demo_id: str, metric: str, values: dict[int, list[float]]) -> None:
    client("cloudwatch").put_metric_data(
        Namespace=WORKER_NAMESPACE,
        MetricData=[
            {
                "MetricName": metric,
                "Timestamp": datetime.fromtimestamp(second, UTC),
                "Value": value,
                "StorageResolution": 1,
                "Dimensions": [{"Name": "DemoId", "Value": demo_id}],
            }
            for second, all_of_it in values.items()
            for value in all_of_it
        ],
    )


@pytest.fixture
def started(http: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """When demo `run` began, whose first phase began 2 s later; it is 30 s later now."""
    post(http, {"name": "run"})
    began = app.services().workflow.describe("run").started_at
    phase = Phase(1, 100, 2, 20)
    state = demo_state.with_phase(
        demo_state.initialized("run", began, (phase,)),
        PhaseRun(phase, int(began) + 2, int(began) + 22),
        metrics_interval=1.0,
        wait_seconds=20,
    )
    monkeypatch.setattr(Workflow, "progress", lambda *_: Progress((), state))
    monkeypatch.setattr(app, "services", lambda: at(int(began) + 30.5))
    return int(began)


def test_a_running_demo_is_shown_second_by_second(http: Any, started: int) -> None:
    publish("run", WorkerMetric.DELIVERED, {started + 3: [60, 40], started + 4: [0]})
    publish("run", WorkerGauge.OPEN_SHARDS, {started + 3: [4, 5]})
    publish("run", WorkerGauge.TASKS_SENDING, {started + 3: [1, 1]})
    publish("another", WorkerMetric.DELIVERED, {started + 3: [9]})

    body = http.get("/demo/run/metrics").json_body

    assert (body["demoId"], body["period"], body["complete"]) == ("run", 1, False)
    assert (body["begin"], body["end"]) == (started, started + 27)
    series = body["series"]
    assert series["target_tps"] == [None] * 2 + [100] * 20 + [None] * 5
    assert series["delivered"][:6] == [None, None, None, 100, 0, None]
    assert series["open_shards"][3] == 5
    assert series["tasks_sending"][3] == 2
    assert {len(values) for values in series.values()} == {27}


@pytest.mark.usefixtures("started")
def test_who_asks_before_there_is_more_gets_nothing_and_cloudwatch_is_not_asked(
    http: Any, started: int
) -> None:
    with Stubber(clients.cloudwatch_reader()):
        body = http.get(f"/demo/run/metrics?since={started + 27}").json_body
    assert (body["begin"], body["end"]) == (started + 27, started + 27)
    assert body["series"]["delivered"] == []


@pytest.mark.usefixtures("started")
def test_all_series_are_asked_for_at_once_and_put_together_from_all_pages(
    http: Any, started: int
) -> None:
    def page(second: int, **more: str) -> dict[str, Any]:
        when = datetime.fromtimestamp(second, UTC)
        result = {"Id": "latency_p99_ms", "Timestamps": [when], "Values": [5.0]}
        return {"MetricDataResults": [result], **more}

    asked = {
        "MetricDataQueries": ANY,
        "StartTime": datetime.fromtimestamp(started, UTC),
        "EndTime": datetime.fromtimestamp(started + 27, UTC),
        "ScanBy": "TimestampAscending",
    }
    with Stubber(clients.cloudwatch_reader()) as stub:
        stub.add_response("get_metric_data", page(started + 1, NextToken="more"), asked)
        stub.add_response("get_metric_data", page(started + 2), asked | {"NextToken": "more"})
        body = http.get("/demo/run/metrics").json_body
        stub.assert_no_pending_responses()
    assert body["series"]["latency_p99_ms"][:4] == [None, 5.0, 5.0, None]


@pytest.mark.parametrize(("drains", "complete"), [(True, False), (False, True)])
def test_a_stopped_demo_is_complete_when_none_of_its_tasks_drains(
    http: Any, monkeypatch: pytest.MonkeyPatch, drains: bool, complete: bool
) -> None:
    post(http, {"name": "over"})
    http.delete("/demo/over")
    monkeypatch.setattr(Fleet, "has_tasks", lambda *_: drains)
    body = http.get("/demo/over/metrics").json_body
    assert body["complete"] is complete
    assert http.get(f"/demo/over/metrics?since={body['end']}").json_body["end"] == body["end"]


@pytest.mark.parametrize("demo_id", ["unknown", "a%00"])
def test_an_unknown_demo_has_no_series(http: Any, demo_id: str) -> None:
    response = http.get(f"/demo/{demo_id}/metrics")
    assert (response.status_code, response.json_body["error"]) == (404, "UnknownDemo")


def test_a_bad_window_is_refused_without_asking_aws(offline: Any) -> None:
    response = offline.get("/demo/run/metrics?since=now&period=7")
    assert (response.status_code, response.json_body["error"]) == (400, "InvalidWindow")
    assert [field["field"] for field in response.json_body["fields"]] == ["since", "period"]


def test_every_series_is_of_a_metric_that_cloudwatch_can_be_asked_for_by_its_name() -> None:
    assert all(name[0].islower() and name.isidentifier() for name in timeseries.SERIES)
    assert len(timeseries.SERIES) <= 500  # botocore: GetMetricData, queries of a call
