"""The worker's clock is put forward and back while it sends: pace, end and books stay right."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.chaos.proxy import FaultProxy, put_records
from tests.chaos.site import Site
from tests.clients import client_of
from tests.e2e.demos import PATIENCE_SECONDS, wait_until
from worker.contract import WORKER_NAMESPACE, WorkerMetric

CLOCK = Path(__file__).parent / "clock"
TPS = 1_000
SECONDS = 7.0
HOUR = 3600


@pytest.mark.long
@pytest.mark.parametrize("jumps", [(HOUR,), (-HOUR,), (HOUR, -HOUR, HOUR, -2 * HOUR)])
def test_a_clock_that_jumps_changes_neither_the_pace_nor_the_end(
    site: Site, proxy: FaultProxy, jumps: tuple[int, ...]
) -> None:
    proxy.rules(put_records(probability=0.2, reset=True))
    offset = site.folder / "offset"
    offset.write_text("0")
    settings = {
        "TARGET_TPS": TPS,
        "PYTHONPATH": CLOCK,
        "CLOCK_OFFSET": offset,
        "ENABLE_CLOUDWATCH_METRICS": "true",
        "METRICS_PUBLISH_INTERVAL": 1,
    }
    began = time.monotonic()
    worker = site.worker(proxy.endpoint, SECONDS, settings)
    wait_until("records", lambda: worker.books().generated > 0)
    for at in jumps:
        set_clock(offset, int(offset.read_text()) + at)
        time.sleep((SECONDS - 2) / len(jumps) / 2)
    worker.process.wait(PATIENCE_SECONDS)
    lasted = time.monotonic() - began
    by = ", ".join(f"{seconds:+,}" for seconds in jumps)
    outcome = site.outcome(worker, f"its clock jumps by {by} s", len(jumps), "a task's clock")
    assert lasted >= SECONDS - 0.1
    assert 0 < outcome.ledger["seconds"] <= SECONDS
    assert outcome.causes == {}
    assert (outcome.proof.lost, outcome.proof.duplicates) == (0, 0)
    due = round(TPS * outcome.ledger["seconds"])
    assert outcome.ledger["generated"] + outcome.ledger["missed"] == pytest.approx(due, abs=1)
    untold = [event for event in outcome.events if event["event"].startswith("metrics_")]
    told = published(site, outcome.ledger["demo_id"])
    assert told < outcome.ledger["generated"] if untold else told == outcome.ledger["generated"]


def set_clock(file: Path, seconds: int) -> None:
    """At once: a reader sees the old offset or the new one."""
    new = file.with_suffix(".new")
    new.write_text(str(seconds))
    new.rename(file)


def published(site: Site, demo_id: str) -> int:
    """How many records the worker's metrics say it made, at whatever time they say so."""
    cloudwatch = client_of(site.stack, "cloudwatch")
    now = datetime.now(UTC)
    answer = cloudwatch.get_metric_statistics(
        Namespace=WORKER_NAMESPACE,
        MetricName=WorkerMetric.GENERATED,
        Dimensions=[{"Name": "DemoId", "Value": demo_id}],
        StartTime=now - timedelta(hours=6),
        EndTime=now + timedelta(hours=6),
        Period=60,
        Statistics=["Sum"],
    )
    return int(sum(point["Sum"] for point in answer["Datapoints"]))
