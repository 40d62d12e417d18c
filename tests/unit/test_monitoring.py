"""Dashboard and alarms: they look at metrics that something publishes, and at all of ours."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.timeseries import SERIES
from tests.template import DOCUMENT, RESOURCES, of_type, properties
from worker.contract import (
    CONTROLLER_NAMESPACE,
    WORKER_NAMESPACE,
    ControllerMetric,
    Dimension,
    WorkerGauge,
    WorkerMetric,
)
from worker.ledger import Ledger

FROM_LOGS = "KinesisOnDemandDemo/${AWS::StackName}"

AWS_METRICS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    # Kinesis developer guide, "Monitor with CloudWatch": basic stream-level metrics
    "AWS/Kinesis": (
        ("StreamName",),
        {"IncomingBytes", "IncomingRecords", "WriteProvisionedThroughputExceeded"},
    ),
    # ECS developer guide, "CloudWatch metrics": what a service has without Container Insights
    "AWS/ECS": (("ClusterName", "ServiceName"), {"CPUUtilization", "MemoryUtilization"}),
    # Step Functions developer guide, "Monitoring with CloudWatch": execution metrics
    "AWS/States": (
        ("StateMachineArn",),
        {
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionsAborted",
        },
    ),
    # EventBridge user guide, "Monitoring"
    "AWS/Events": (("RuleName",), {"FailedInvocations"}),
    # Lambda developer guide, "Types of metrics": asynchronous invocation
    "AWS/Lambda": (("FunctionName",), {"AsyncEventsDropped"}),
}

SEARCH = re.compile(
    r"SEARCH\('\{(?P<schema>[^}]+)\} (?P<filter>.*)MetricName=\"(?P<name>\w+)\"', "
    r"'(?P<statistic>\w+)', (?P<period>\d+)\)( / (?P<divisor>\d+))?"
)

BODY: dict[str, Any] = json.loads(properties("Dashboard")["DashboardBody"]["Fn::Sub"])
CHARTS: list[dict[str, Any]] = [widget["properties"] for widget in BODY["widgets"]]
ALARMS = of_type("AWS::CloudWatch::Alarm")


def searches() -> list[re.Match[str]]:
    found = []
    for chart in CHARTS:
        for series in chart["metrics"]:
            if isinstance(series[0], dict):
                match = SEARCH.fullmatch(series[0]["expression"])
                assert match, series
                found.append(match)
    return found


def shown() -> set[tuple[str, tuple[str, ...], str]]:
    """Namespace, dimensions and name of every metric on the dashboard."""
    metrics = set()
    for match in searches():
        namespace, *dimensions = match["schema"].split(",")
        metrics.add((namespace, tuple(dimensions), match["name"]))
    for chart in CHARTS:
        for series in chart["metrics"]:
            if isinstance(series[0], str):
                namespace, name, *dimensions = series
                metrics.add((namespace, tuple(dimensions[::2]), name))
    return metrics


def test_the_dashboard_shows_every_metric_of_ours_and_none_that_nobody_publishes() -> None:
    ours = {metric for metric in shown() if not metric[0].startswith("AWS/")}
    dimensions = (str(Dimension.DEMO_ID),)
    assert ours == {
        *((WORKER_NAMESPACE, dimensions, str(metric)) for metric in (*WorkerMetric, *WorkerGauge)),
        *((CONTROLLER_NAMESPACE, dimensions, str(metric)) for metric in ControllerMetric),
    }


def test_what_the_dashboard_shows_of_awss_own_exists_with_these_dimensions() -> None:
    theirs = [metric for metric in shown() if metric[0].startswith("AWS/")]
    assert theirs
    for namespace, dimensions, name in theirs:
        known_dimensions, known = AWS_METRICS[namespace]
        assert dimensions == known_dimensions
        assert name in known


def test_what_the_metrics_route_answers_is_on_the_dashboard_by_the_same_statistics() -> None:
    pictured = {(match["name"], match["statistic"]) for match in searches()}
    assert {(str(how.metric), how.stat) for how in SERIES.values()} <= pictured


def test_what_is_a_rate_is_divided_by_the_seconds_that_it_was_added_up_over() -> None:
    rates = [match for match in searches() if match["divisor"]]
    assert {match["name"] for match in rates} == {
        "RecordsGenerated",
        "RecordsDelivered",
        "TasksSending",
    }
    assert all(match["divisor"] == match["period"] for match in rates)
    assert all(match["statistic"] == "Sum" for match in rates)


def test_the_charts_lie_side_by_side_on_the_grid() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in BODY["widgets"]:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)  # as wide as a dashboard is (CloudWatch API reference)
        taken |= cells


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_a_metric_that_exists_and_rings_at_the_first_one(name: str) -> None:
    alarm = ALARMS[name]
    dimensions = tuple(dimension["Name"] for dimension in alarm.get("Dimensions", []))
    if isinstance(alarm["Namespace"], dict):
        (transformation,) = properties("RecordsFailedFilter")["MetricTransformations"]
        assert alarm["Namespace"] == transformation["MetricNamespace"] == {"Fn::Sub": FROM_LOGS}
        assert alarm["MetricName"] == transformation["MetricName"] == WorkerMetric.FAILED
        assert dimensions == ()
    else:
        known_dimensions, known = AWS_METRICS[alarm["Namespace"]]
        assert dimensions == known_dimensions
        assert alarm["MetricName"] in known
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["TreatMissingData"] == "notBreaching"


def test_the_alarms_are_as_many_as_an_account_has_for_nothing() -> None:
    assert 1 <= len(ALARMS) <= 10


def test_failing_records_are_read_from_fields_that_a_ledger_has() -> None:
    line = {"event": "ledger", **Ledger().summary()}
    pattern = properties("RecordsFailedFilter")["FilterPattern"]
    fields = set(re.findall(r"\$\.(\w+)", pattern))
    assert fields == {"event", "failed"}
    assert fields <= line.keys()
    assert f'$.event = "{line["event"]}"' in pattern
    (transformation,) = properties("RecordsFailedFilter")["MetricTransformations"]
    assert transformation["MetricValue"] == "$.failed"


def test_without_monitoring_there_is_none_of_it() -> None:
    monitoring = {"AWS::CloudWatch::Dashboard", "AWS::CloudWatch::Alarm", "AWS::Logs::MetricFilter"}
    conditions = {r.get("Condition") for r in RESOURCES.values() if r["Type"] in monitoring}
    assert conditions == {"HasMonitoring"}
    assert DOCUMENT["Conditions"]["HasMonitoring"] == {"Fn::Equals": [{"Ref": "Monitoring"}, "on"]}
