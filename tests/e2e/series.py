"""What a demo's series must agree with: its counts, its plan, and each other."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from local.platform import LocalPlatform
from tests.e2e.demos import client, wait_until

COUNTS = ("generated", "delivered", "throttled", "retried", "failed")
PERCENTILES = ("latency_p50_ms", "latency_p90_ms", "latency_p99_ms")


def assert_the_series_add_up(platform: LocalPlatform, demo_id: str) -> dict[str, list[Any]]:
    """Hold a demo that is over against GET's answer; return the series."""
    demo = platform.api.get(demo_id)
    whole = wait_until("the last counts", lambda: _complete(platform, demo_id))
    series: dict[str, list[Any]] = whole["series"]
    begin, end = whole["begin"], whole["end"]
    assert whole["period"] == 1
    assert begin <= datetime.fromisoformat(demo["startDate"]).timestamp() < begin + 1
    assert end >= datetime.fromisoformat(demo["stopDate"]).timestamp()
    assert {len(values) for values in series.values()} == {end - begin}
    assert {name: total(series[name]) for name in COUNTS} == demo["records"]
    for percentiles in zip(*(series[name] for name in PERCENTILES), strict=True):
        known = [p for p in percentiles if p is not None]
        assert len(known) in (0, 3)
        assert known == sorted(known)
    shards = {n for n in series["open_shards"] if n is not None}
    assert shards == {demo["stream"]["open_shards"]}
    middle = begin + (end - begin) // 2
    later = platform.api.metrics(demo_id, since=middle)
    assert (later["begin"], later["end"]) == (middle, end)
    assert later["series"] == {name: values[middle - begin :] for name, values in series.items()}
    return series


def assert_the_plan_was_followed(demo: dict[str, Any], series: dict[str, list[Any]]) -> None:
    """Of a demo that nobody stopped."""
    planned = sum(phase["target_tps"] * phase["duration_seconds"] for phase in demo["phases"])
    assert abs(total(series["target_tps"]) - planned) < 1
    tasks = [phase["task_count"] for phase in demo["phases"]]
    sending = max(n for n in series["tasks_sending"] if n is not None)
    # In the second in which a phase ends, its tasks and the next one's may both have sent.
    most = max(before + after for before, after in pairwise(tasks))
    assert 1 <= sending <= most


def costs_told(platform: LocalPlatform, demo_id: str) -> int:
    """How often the controller told what the demo had cost so far."""
    now = datetime.now().astimezone()
    found = client(platform, "cloudwatch").get_metric_statistics(
        Namespace="KinesisOnDemandDemo/StepFunctions",
        MetricName="CostUSD",
        Dimensions=[{"Name": "DemoId", "Value": demo_id}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=86_400,
        Statistics=["SampleCount"],
    )
    samples: float = sum(point["SampleCount"] for point in found["Datapoints"])
    return round(samples)


def total(values: list[Any]) -> Any:
    return sum(value for value in values if value is not None)


def _complete(platform: LocalPlatform, demo_id: str) -> dict[str, Any] | None:
    answer = platform.api.metrics(demo_id)
    return answer if answer["complete"] else None
