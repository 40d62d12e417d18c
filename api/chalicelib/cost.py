"""What a demo costs on AWS, line by line: what it uses (usage) times what AWS asks (prices). Pure.

List prices, first tier; free tiers are ignored. `estimate` tells it of a plan, `actual` of a demo
as far as it went, and both by the same computation. What accrues by the hour whether a demo runs
or not is kept apart, as `standing`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import definition, prices, usage
from chalicelib.criteria import NO_CRITERIA, Criteria
from chalicelib.plan import Phase
from chalicelib.prices import FALLBACK_REGION, Item, Price, Prices
from chalicelib.usage import HOUR, HOURS_PER_MONTH, DemoUse, Workers

CURRENCY = "USD"

DEFAULT_WORKERS = Workers(
    vcpu=0.25,
    memory_gb=0.5,
    arm=False,
    aggregation=False,
    post_bytes=usage.DEFAULT_POST_BYTES,
    metrics_interval=10,
)
"""As infrastructure.yaml has them by default."""
ALARMS = 5
DASHBOARDS = 1
"""In infrastructure.yaml, unless Monitoring=off."""
IMAGE_GB = 0.1
"""The worker's image in the registry, compressed; an assumption."""

COMMITMENT_MIBPS = 25
"""On-demand Advantage bills so much data in, and as much data out, at the least, and for 24 hours
(AWS Big Data Blog, 2025-11-03: launch of On-demand Advantage)."""
COMMITMENT_HOURS = 24

_EXCLUDED = (
    "list prices without free tiers; retries, tasks that ECS replaces and reading the stream are"
    f" not counted; one GET every {usage.LOOK_SECONDS} s is assumed"
)


@dataclass(frozen=True)
class Stack:
    """What the deployed stack has that costs by the hour: two of its parameters."""

    kept_stream: bool = True
    monitoring: bool = True


WHOLE = Stack()
"""The stack as infrastructure.yaml has it by default."""


@dataclass(frozen=True)
class Line:
    """One item of the bill."""

    item: str
    quantity: float
    price: Price
    note: str | None = None

    @property
    def amount(self) -> float:
        """USD."""
        return self.quantity * self.price.value


@dataclass(frozen=True)
class Estimate:
    """A demo's cost; the standing lines' amounts are USD an hour, and not part of the total."""

    region: str
    lines: tuple[Line, ...]
    standing: tuple[Line, ...]

    @property
    def total(self) -> float:
        """USD."""
        return math.fsum(line.amount for line in self.lines)

    @property
    def prices_as_of(self) -> str:
        """The day of the oldest price in it."""
        return min(line.price.as_of for line in (*self.lines, *self.standing))


@dataclass(frozen=True)
class Commitment:
    """What On-demand Advantage costs at the least, whatever is sent; USD."""

    region: str
    """Whose prices these are."""
    per_day: float
    """Also the least that enabling it costs: it can't be disabled within 24 hours."""
    per_month: float
    prices_as_of: str
    checked: bool
    note: str


def estimate(
    phases: Sequence[Phase],
    *,
    region: str,
    workers: Workers,
    fresh_stream: bool,
    advantage: bool = False,
    stack: Stack = WHOLE,
    criteria: Criteria = NO_CRITERIA,
) -> Estimate:
    """What the plan will cost. `advantage`: the account has committed itself, for warm throughput.

    Then data in is cheaper and streams cost nothing by the hour, but the commitment stands.
    """
    use = usage.of_plan(phases, fresh_stream=fresh_stream, criteria=criteria)
    return _priced(use, region=region, workers=workers, advantage=advantage, stack=stack)


def actual(
    use: DemoUse,
    *,
    region: str,
    workers: Workers,
    advantage: bool = False,
    stack: Stack = WHOLE,
) -> Estimate | None:
    """What the demo has cost, so far if it still runs; None then before its first phase."""
    if not use.phases and not use.ended:
        return None
    return _priced(use, region=region, workers=workers, advantage=advantage, stack=stack)


def of_stream(use: DemoUse, *, region: str, workers: Workers, advantage: bool = False) -> Estimate:
    """What the stream alone takes for traffic that isn't a demo's."""
    at = prices.in_region(region)
    lines = tuple(line for line in _stream_lines(at, use, workers, advantage) if line.quantity)
    return Estimate(region, lines, ())


def commitment_price(region: str) -> Commitment:
    """The price of On-demand Advantage, without which there is no warm throughput."""
    at = prices.in_region(region)
    data_in, data_out = at.of(Item.KINESIS_ADVANTAGE_IN), at.of(Item.KINESIS_ADVANTAGE_OUT)
    gb_per_hour = COMMITMENT_MIBPS * HOUR / 1024
    per_hour = gb_per_hour * (data_in.value + data_out.value)
    note = (
        f"billed for {COMMITMENT_MIBPS} MiB/s in and {COMMITMENT_MIBPS} MiB/s out at the least,"
        f" for {COMMITMENT_HOURS} hours at the least, whatever is sent"
    )
    return Commitment(
        region=data_in.region,
        per_day=per_hour * 24,
        per_month=per_hour * HOURS_PER_MONTH,
        prices_as_of=min(data_in.as_of, data_out.as_of),
        checked=data_in.checked and data_out.checked,
        note="; ".join([note, *_doubts(data_in, region)]),
    )


def standing(region: str, stack: Stack = WHOLE, *, advantage: bool = False) -> tuple[Line, ...]:
    """What the deployed stack costs an hour without any demo."""
    found = _standing(prices.in_region(region), stack, advantage)
    return tuple(line for line in found if line.quantity)


def to_json(found: Estimate) -> dict[str, Any]:
    """As the API answers it; the total is the sum of the amounts that are shown."""
    lines = [_line_json(line, found.region) for line in found.lines]
    notes = [_EXCLUDED]
    if all(line.price.region != found.region for line in found.lines):
        notes.insert(0, f"prices of {FALLBACK_REGION}: there are none of {found.region} on file")
    return {
        "currency": CURRENCY,
        "total": round(math.fsum(line["amount"] for line in lines), 6),
        "prices_as_of": found.prices_as_of,
        "region": found.region,
        "lines": lines,
        "standing": [_line_json(line, found.region) for line in found.standing],
        "note": "; ".join(notes),
    }


def _line_json(line: Line, region: str) -> dict[str, Any]:
    notes = [*([line.note] if line.note else []), *_doubts(line.price, region)]
    return {
        "item": line.item,
        "quantity": round(line.quantity, 9),
        "unit": line.price.unit,
        "price": line.price.value,
        "amount": round(line.amount, 6),
        "note": "; ".join(notes) or None,
    }


def _priced(
    use: DemoUse, *, region: str, workers: Workers, advantage: bool, stack: Stack
) -> Estimate:
    at = prices.in_region(region)
    return Estimate(
        region,
        tuple(line for line in _lines(at, use, workers, advantage) if line.quantity),
        standing(region, stack, advantage=advantage),
    )


def _lines(at: Prices, use: DemoUse, workers: Workers, advantage: bool) -> Iterator[Line]:
    workflow = definition.workflow()
    calls = usage.controller_calls(use, workflow) + usage.api_requests(use)
    compute = usage.lambda_gb_seconds(use, workflow)
    entered = usage.transitions(use, workflow)
    yield from _stream_lines(at, use, workers, advantage)
    yield from _task_lines(at, use, workers)
    yield Line("Step Functions", entered, at.of(Item.STEP_FUNCTIONS_TRANSITION), "without retries")
    yield Line("X-Ray", 1, at.of(Item.XRAY_TRACE), "the workflow's trace")
    yield Line("Lambda requests", calls, at.of(Item.LAMBDA_REQUEST))
    yield Line("Lambda compute", compute, at.of(Item.LAMBDA_GB_SECOND))
    yield Line("API Gateway", usage.api_requests(use), at.of(Item.API_GATEWAY_REQUEST))
    yield from _telemetry_lines(at, use, workers, usage.log_gb(use, workflow))


def _stream_lines(at: Prices, use: DemoUse, workers: Workers, advantage: bool) -> Iterator[Line]:
    data = at.of(Item.KINESIS_ADVANTAGE_IN if advantage else Item.KINESIS_IN)
    gb = math.fsum(usage.kinesis_gb(phase, workers) for phase in use.phases)
    each = "aggregate" if workers.aggregation else "record"
    yield Line("Kinesis data in", gb, data, f"each {each} rounded up to 1 KB")
    hours = 0 if advantage else usage.stream_hours(use)
    yield Line("Fresh stream", hours, at.of(Item.KINESIS_STREAM_HOUR), "a begun hour counts whole")
    yield Line("KMS", usage.kms_requests(use), at.of(Item.KMS_REQUEST), "the stream's encryption")


def _task_lines(at: Prices, use: DemoUse, workers: Workers) -> Iterator[Line]:
    hours = math.fsum(map(usage.task_hours, use.phases))
    cpu = at.of(Item.FARGATE_VCPU_HOUR_ARM if workers.arm else Item.FARGATE_VCPU_HOUR_X86)
    memory = at.of(Item.FARGATE_GB_HOUR_ARM if workers.arm else Item.FARGATE_GB_HOUR_X86)
    least = f"by the second, {usage.LEAST_TASK_SECONDS} s a task at the least"
    yield Line("Fargate CPU", hours * workers.vcpu, cpu, least)
    yield Line("Fargate memory", hours * workers.memory_gb, memory, least)
    yield Line("Public IPv4", hours, at.of(Item.PUBLIC_IPV4_HOUR), "an address a task")


def _telemetry_lines(at: Prices, use: DemoUse, workers: Workers, log_gb: float) -> Iterator[Line]:
    metrics = usage.metric_hours(use, workers) / HOURS_PER_MONTH
    puts, reads = usage.metric_puts(use, workers), usage.metrics_read(use)
    metric = at.of(Item.CLOUDWATCH_METRIC_MONTH)
    yield Line("CloudWatch metrics", metrics, metric, "for the hours in which they are sent")
    yield Line("CloudWatch PutMetricData", puts, at.of(Item.CLOUDWATCH_REQUEST))
    yield Line(
        "CloudWatch GetMetricData", reads, at.of(Item.CLOUDWATCH_METRIC_READ), "most by the GETs"
    )
    yield Line("CloudWatch Logs", log_gb, at.of(Item.LOGS_IN))


def _standing(at: Prices, stack: Stack, advantage: bool) -> Iterator[Line]:
    if advantage:
        gb = COMMITMENT_MIBPS * HOUR / 1024
        why = "the account's commitment; what demos send counts towards it"
        yield Line("On-demand Advantage, in", gb, at.of(Item.KINESIS_ADVANTAGE_IN), why)
        yield Line("On-demand Advantage, out", gb, at.of(Item.KINESIS_ADVANTAGE_OUT), why)
    elif stack.kept_stream:
        yield Line("Kept stream", 1, at.of(Item.KINESIS_STREAM_HOUR), "none with KeptStream=no")
    if stack.monitoring:
        alarms, dashboards = ALARMS / HOURS_PER_MONTH, DASHBOARDS / HOURS_PER_MONTH
        why = "none with Monitoring=off; an account's first three are free"
        yield Line("Alarms", alarms, at.of(Item.CLOUDWATCH_ALARM_MONTH), "none with Monitoring=off")
        yield Line("Dashboard", dashboards, at.of(Item.CLOUDWATCH_DASHBOARD_MONTH), why)
    yield Line("Worker's image", IMAGE_GB / HOURS_PER_MONTH, at.of(Item.ECR_MONTH), "about 0.1 GB")


def _doubts(price: Price, region: str) -> Iterator[str]:
    if price.region != region:
        yield f"price of {price.region}"
    if not price.checked:
        yield "price not checked against AWS"
