"""What a demo uses of AWS: counted as AWS bills it, by what the parts really do."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import criteria, definition, usage
from chalicelib.contract import ControllerMetric, WorkerGauge, WorkerMetric
from chalicelib.task_definition import workers_of
from chalicelib.usage import GB, KB, DemoUse, PhaseUse, Workers, kinesis_gb
from client import watch
from worker import aggregator, gatherers
from worker.aggregator import Aggregator
from worker.generator import DEFAULT_SIZE, Generator, Origin
from worker.histogram import CELLS, Distribution
from worker.ledger import Ledger
from worker.publisher import MAX_METRICS_PER_CALL, CloudWatchPublisher
from worker.scoreboard import Latency
from worker.shardmap import MAX_HASH_KEY, Shard, ShardMap

ROOT = Path(__file__).resolve().parents[2]
WORKERS = Workers(
    vcpu=0.25,
    memory_gb=0.5,
    arm=False,
    aggregation=False,
    post_bytes=400,
    metrics_interval=10.0,
)
TOGETHER = replace(WORKERS, aggregation=True)
DEFAULT_PLAN = usage.of_plan(definition.default_phases(1000.0), fresh_stream=False)


def test_the_constants_are_those_of_the_parts_they_are_about() -> None:
    config = json.loads((ROOT / "api/.chalice/config.json").read_text())
    assert config["lambda_memory_size"] / 1024 == usage.LAMBDA_GB
    assert usage.DEFAULT_POST_BYTES == DEFAULT_SIZE
    assert usage.MAX_AGGREGATE_BYTES == aggregator.MAX_AGGREGATE_BYTES
    assert usage.LINGER_SECONDS * 1e9 == gatherers.LINGER_NS
    assert usage.METRICS_PER_CALL == MAX_METRICS_PER_CALL
    assert usage.LOOK_SECONDS == watch.POLL_SECONDS


@given(
    st.floats(0.1, 1e9), st.integers(1, 5_000), st.floats(1, 86_400), st.integers(300, 600),
    st.booleans(),
)  # fmt: skip
def test_billed_data_is_never_less_than_the_posts(
    records: float, tasks: int, seconds: float, size: int, together: bool
) -> None:
    workers = replace(WORKERS, aggregation=together, post_bytes=size)
    billed = kinesis_gb(PhaseUse(tasks, seconds, records), workers) * GB
    assert billed >= records * size
    assert billed <= records * KB * (1 + 1e-9)


def test_a_post_is_billed_as_a_whole_kilobyte() -> None:
    assert kinesis_gb(PhaseUse(1, 10, 1_000), WORKERS) * GB == 1_000 * KB


@pytest.mark.parametrize("tps", [100, 500, 1_000, 5_000, 20_000])
def test_aggregates_are_billed_as_the_aggregator_makes_them(tps: int) -> None:
    step_ns, steps, seconds = 5_000_000, 2_000, 10
    posts = Generator(Origin("demo", 1, "p-0"), 0, seed=1)
    quarters = [n * (MAX_HASH_KEY + 1) // usage.SHARDS for n in range(usage.SHARDS + 1)]
    shards = ShardMap(
        tuple(Shard(f"shardId-{n}", quarters[n], quarters[n + 1] - 1) for n in range(usage.SHARDS))
    )
    packed = Aggregator(shards, gatherers.LINGER_NS)
    entries = []
    for step in range(1, steps + 1):
        due = tps * seconds * step // steps - tps * seconds * (step - 1) // steps
        if due:
            entries += packed.add(posts.posts([step * step_ns] * due), step * step_ns)
        entries += packed.overdue(step * step_ns)
    entries += packed.drain()
    billed = sum(math.ceil(len(entry.data) / KB) * KB for entry in entries)
    phase = PhaseUse(task_count=1, seconds=seconds, records=tps * seconds)
    assert kinesis_gb(phase, TOGETHER) * GB == pytest.approx(billed, rel=0.05)


def test_a_task_is_billed_for_a_minute_at_the_least() -> None:
    assert usage.task_hours(PhaseUse(10, 1, 0)) == 10 * 60 / 3600
    assert usage.task_hours(PhaseUse(10, 600, 0)) == 10 * (600 + 30) / 3600


def test_a_fresh_streams_begun_hour_counts_whole() -> None:
    a_minute = (PhaseUse(1, 60, 0),)
    assert usage.stream_hours(DemoUse(a_minute, fresh_stream=True)) == 1
    assert usage.stream_hours(DemoUse(a_minute, fresh_stream=False)) == 0
    assert usage.stream_hours(DemoUse((PhaseUse(1, 3_600, 0),), fresh_stream=True)) == 2


def test_transitions_are_the_states_on_the_way_to_success() -> None:
    workflow = definition.workflow()
    assert usage.transitions(DEFAULT_PLAN, workflow) == 11
    assert usage.controller_calls(DEFAULT_PLAN, workflow) == 6
    begun = DemoUse(DEFAULT_PLAN.phases[:2], fresh_stream=False, ended=False)
    assert usage.transitions(begun, workflow) == 5
    assert usage.controller_calls(begun, workflow) == 3
    assert usage.transitions(replace(begun, ended=True), workflow) == 7
    nothing = DemoUse((), fresh_stream=False, ended=False)
    assert usage.transitions(nothing, workflow) == 1


def test_a_demo_that_was_cut_short_enters_no_last_state_and_has_the_event_clean_up() -> None:
    workflow = definition.workflow()
    phases = DEFAULT_PLAN.phases[:2]
    stopped = DemoUse(phases, fresh_stream=False, cut_short=True)
    running = DemoUse(phases, fresh_stream=False, ended=False)
    assert usage.transitions(stopped, workflow) == usage.transitions(running, workflow) == 5
    assert usage.controller_calls(stopped, workflow) == 3 + 1
    assert usage.metric_hours(stopped, WORKERS) == usage.metric_hours(running, WORKERS)
    assert usage.metric_puts(stopped, WORKERS) == usage.metric_puts(running, WORKERS)


class Metrics:
    """A CloudWatch that remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []

    def put_metric_data(self, **call: Any) -> None:
        self.calls.append(call["MetricData"])


def test_metrics_are_counted_as_the_workers_publish_them() -> None:
    told, phases = Metrics(), DEFAULT_PLAN.phases
    for phase in range(1, len(phases) + 1):
        publisher = CloudWatchPublisher(told, "N", "demo", phase, lambda: 4)  # type: ignore[arg-type]
        some = Distribution((1,) * CELLS)
        for second in range(10):
            publisher.sample(second, Ledger(generated=second + 1), dict.fromkeys(Latency, some))
        publisher.publish()
    assert len(told.calls) == len(phases)  # ten seconds of metrics fit into one call
    published = {
        (datum["MetricName"], *(dimension["Value"] for dimension in datum["Dimensions"]))
        for call in told.calls
        for datum in call
    }
    assert len(published) == len(WorkerMetric) * (1 + len(phases)) + len(WorkerGauge)
    controllers = len(ControllerMetric) - 1  # a demo that succeeds doesn't fail
    assert usage.metric_hours(DEFAULT_PLAN, WORKERS) == len(published) + controllers


def test_metrics_last_for_the_hours_in_which_they_are_sent() -> None:
    long = DemoUse((PhaseUse(1, 7_200, 1),) * 2, fresh_stream=False)
    metrics, gauges = len(WorkerMetric), len(WorkerGauge)
    assert usage.metric_hours(long, WORKERS) == metrics * (4 + 2 + 2) + gauges * 4 + 4 * 2 + 3
    silent = replace(WORKERS, metrics_interval=None)
    assert usage.metric_hours(long, silent) == 4 * 2 + 3


def test_a_task_publishes_once_an_interval_and_once_at_its_end() -> None:
    demo = DemoUse((PhaseUse(10, 60, 1),), fresh_stream=False)
    assert usage.metric_puts(demo, WORKERS) == 10 * (6 + 1) + 3
    seldom = replace(WORKERS, metrics_interval=600.0)
    # 600 s of 7 metrics under two sets of dimensions and one gauge are 9,000, and the other is one.
    assert usage.metric_puts(demo, seldom) == 10 * 10 * (1 + 1) + 3
    assert usage.metric_puts(demo, replace(WORKERS, metrics_interval=None)) == 3


def test_the_later_the_phase_the_more_a_look_reads() -> None:
    demo = DemoUse((PhaseUse(1, 10, 1),) * 3, fresh_stream=False)
    assert usage.looks(demo) == 6
    by_the_controller = (1 + 2 + 3) + 3
    assert usage.metrics_read(demo) == by_the_controller + 2 * (1 + 2 + 3) * len(WorkerMetric)


def test_thresholds_cost_the_percentiles_that_looks_ask_for_and_the_counts_at_transitions() -> None:
    demo = DemoUse((PhaseUse(1, 10, 1),) * 4, fresh_stream=False)
    plain = usage.metrics_read(demo)
    judged = {"thresholds": ["lost==0", "p99_latency_ms<5", "phase 2: p50_latency_ms<5"]}
    at_the_end = replace(demo, criteria=criteria.read(judged))
    assert usage.metrics_read(at_the_end) == plain + 8 * 2
    stopping = replace(demo, criteria=criteria.read({**judged, "abort_on_fail": True}))
    assert usage.metrics_read(stopping) == plain + 8 * 2 + 4 * (1 + 2 + 3) + 3 * 2
    assert usage.metrics_read(replace(stopping, phases=())) == usage.metrics_read(
        replace(demo, phases=())
    )


def test_a_key_is_asked_for_every_five_minutes_by_each_task() -> None:
    demo = DemoUse((PhaseUse(10, 300, 1), PhaseUse(2, 301, 1)), fresh_stream=False)
    assert usage.kms_requests(demo) == 10 + 2 * 2


def base(**changes: Any) -> dict[str, Any]:
    environment = [{"name": name, "value": value} for name, value in changes.pop("env", {}).items()]
    return {
        "family": "base",
        "cpu": "512",
        "memory": "1024",
        "containerDefinitions": [{"name": "worker", "environment": environment}],
        **changes,
    }


def test_workers_are_read_from_the_base_task_definition() -> None:
    assert workers_of(base()) == Workers(0.5, 1.0, False, False, 400, 10.0)
    arm = base(
        runtimePlatform={"cpuArchitecture": "ARM64"},
        env={"AGGREGATION": "on", "POST_BYTES": "600", "METRICS_PUBLISH_INTERVAL": "30"},
    )
    assert workers_of(arm) == Workers(0.5, 1.0, True, True, 600, 30.0)
    silent = base(env={"ENABLE_CLOUDWATCH_METRICS": "false"})
    assert workers_of(silent).metrics_interval is None
