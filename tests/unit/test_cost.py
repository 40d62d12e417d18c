"""What a demo costs: the lines add up, grow with the demo, and are the same for plan and run."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import cost, prices, usage
from chalicelib.cost import Estimate, Stack, actual, commitment_price, estimate, standing, to_json
from chalicelib.demo_state import PhaseRun
from chalicelib.plan import MAX_DURATION_SECONDS, MAX_TARGET_TPS, MAX_TASK_COUNT, Phase
from chalicelib.prices import Item, Price
from chalicelib.usage import HOURS_PER_MONTH, DemoUse, Workers
from tests.unit.test_usage import WORKERS

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"


def plan_of(target_tps: float = 1_000, task_count: int = 10, seconds: int = 3_600) -> list[Phase]:
    return [Phase(number, target_tps, task_count, seconds) for number in range(1, 5)]


def of(phases: list[Phase], workers: Workers = WORKERS, fresh_stream: bool = False) -> Estimate:
    return estimate(phases, region=REGION, workers=workers, fresh_stream=fresh_stream)


def amounts(found: Estimate) -> dict[str, float]:
    return {line.item: line.amount for line in found.lines}


workers_of_any_kind = st.builds(
    Workers,
    vcpu=st.sampled_from((0.25, 0.5, 1, 2, 4)),
    memory_gb=st.sampled_from((0.5, 1, 2, 8)),
    arm=st.booleans(),
    aggregation=st.booleans(),
    post_bytes=st.integers(300, 600),
    metrics_interval=st.none() | st.floats(1, 600),
)
targets = st.floats(0.01, MAX_TARGET_TPS)
task_counts = st.integers(1, MAX_TASK_COUNT)
durations = st.integers(1, MAX_DURATION_SECONDS)
phases_of_any_kind = st.builds(Phase, st.just(1), targets, task_counts, durations)
plans = st.lists(phases_of_any_kind, min_size=4, max_size=4)


@given(plans, workers_of_any_kind, st.booleans(), st.booleans())
def test_the_total_is_the_sum_of_the_lines(
    phases: list[Phase], workers: Workers, fresh: bool, advantage: bool
) -> None:
    found = estimate(
        phases, region=REGION, workers=workers, fresh_stream=fresh, advantage=advantage
    )
    assert found.total == pytest.approx(sum(line.amount for line in found.lines))
    shown = to_json(found)
    assert shown["total"] == pytest.approx(sum(line["amount"] for line in shown["lines"]))
    assert shown["total"] == pytest.approx(found.total, abs=1e-5)
    assert all(line.quantity > 0 for line in found.lines)


@pytest.mark.parametrize(
    ("what", "values"),
    [("target_tps", targets), ("task_count", task_counts), ("duration_seconds", durations)],
)
def test_more_of_anything_never_costs_less(what: str, values: st.SearchStrategy[float]) -> None:
    @given(phases_of_any_kind, values, values, workers_of_any_kind, st.booleans())
    def holds(phase: Phase, one: float, other: float, workers: Workers, fresh: bool) -> None:
        changes: list[dict[str, Any]] = [{what: value} for value in sorted((one, other))]
        less, more = (
            of([replace(phase, **change)] * 4, workers, fresh).total for change in changes
        )
        assert less <= more * (1 + 1e-12)

    holds()


@given(plans, workers_of_any_kind, st.booleans())
def test_a_run_that_does_exactly_the_plan_costs_what_was_estimated(
    phases: list[Phase], workers: Workers, fresh: bool
) -> None:
    begin = 1_795_593_600.25
    runs, at = [], begin
    for number, phase in enumerate(phases, start=1):
        run = replace(phase, phase_number=number)
        runs.append(PhaseRun(run, at, at + phase.duration_seconds))
        at += phase.duration_seconds
    delivered = {run.phase.phase_number: _records(run.phase) for run in runs}
    use = usage.of_runs(runs, delivered, until=at + 9, fresh_stream=fresh, ended=True)
    spent = actual(use, region=REGION, workers=workers)
    assert spent is not None
    assert spent.total == pytest.approx(of(phases, workers, fresh).total, rel=1e-6)


def _records(phase: Phase) -> float:
    return phase.target_tps * phase.duration_seconds


def test_a_demo_of_which_no_phase_has_begun_has_cost_nothing_yet() -> None:
    nothing = DemoUse((), fresh_stream=False, ended=False)
    assert actual(nothing, region=REGION, workers=WORKERS) is None


def test_a_demo_that_ended_before_its_first_phase_has_cost_its_stream() -> None:
    stopped = DemoUse((), fresh_stream=True, cut_short=True)
    spent = actual(stopped, region=REGION, workers=WORKERS)
    assert spent is not None
    assert amounts(spent)["Fresh stream"] == 0.04
    assert amounts(spent)["Step Functions"] == pytest.approx(0.000025)
    assert spent.total == pytest.approx(0.04, abs=0.002)


def test_a_running_demo_costs_what_it_has_done_so_far() -> None:
    runs = [PhaseRun(phase) for phase in plan_of(seconds=100)]
    runs[0] = PhaseRun(runs[0].phase, 0.0, 100.0)
    runs[1] = PhaseRun(runs[1].phase, 100.0, 200.0)
    delivered = {1: 100_000.0, 2: 50_000.0}
    use = usage.of_runs(runs, delivered, until=150.0, fresh_stream=False, ended=False)
    assert [phase.seconds for phase in use.phases] == [100, 50]
    spent = actual(use, region=REGION, workers=WORKERS)
    assert spent is not None
    assert amounts(spent)["Kinesis data in"] == pytest.approx(150_000 * 1024 / 2**30 * 0.08)
    assert spent.total < of(plan_of(seconds=100)).total


def test_an_hour_of_each_phase_is_billed_line_by_line() -> None:
    found = amounts(of(plan_of()))
    assert found["Kinesis data in"] == pytest.approx(4 * 3_600_000 * 1024 / 2**30 * 0.08)
    task_hours = 4 * 10 * (3_600 + usage.TASK_OVERHEAD_SECONDS) / 3_600
    assert found["Fargate CPU"] == pytest.approx(task_hours * 0.25 * 0.04048)
    assert found["Fargate memory"] == pytest.approx(task_hours * 0.5 * 0.004445)
    assert found["Public IPv4"] == pytest.approx(task_hours * 0.005)
    assert found["Step Functions"] == pytest.approx(11 * 0.000025)
    assert "Fresh stream" not in found


def test_arm_has_prices_of_its_own() -> None:
    arm = amounts(of(plan_of(), replace(WORKERS, arm=True)))
    x86 = amounts(of(plan_of()))
    assert arm["Fargate CPU"] / x86["Fargate CPU"] == pytest.approx(0.03238 / 0.04048)
    assert arm["Fargate memory"] / x86["Fargate memory"] == pytest.approx(0.00356 / 0.004445)


def test_a_kept_stream_stands_and_a_fresh_one_is_the_demos() -> None:
    kept, fresh = of(plan_of(seconds=60)), of(plan_of(seconds=60), fresh_stream=True)
    assert fresh.total - kept.total > 0.04
    assert amounts(fresh)["Fresh stream"] == 0.04
    assert {line.item: line.amount for line in kept.standing}["Kept stream"] == 0.04


def test_with_the_commitment_data_is_cheaper_and_the_commitment_stands() -> None:
    found = estimate(plan_of(), region=REGION, workers=WORKERS, fresh_stream=True, advantage=True)
    assert amounts(found)["Kinesis data in"] == pytest.approx(
        amounts(of(plan_of()))["Kinesis data in"] * 0.4
    )
    assert "Fresh stream" not in amounts(found)
    an_hour = math.fsum(
        line.amount for line in found.standing if line.item.startswith("On-demand Advantage")
    )
    assert an_hour * 24 == pytest.approx(commitment_price(REGION).per_day)


def test_the_commitment_costs_about_a_hundred_dollars_a_day_as_aws_says() -> None:
    found = commitment_price(REGION)
    # 25 MiB/s for a day are 2,109.375 GB; in at $0.032 and out at $0.016.
    assert found.per_day == pytest.approx(101.25)
    assert found.per_month == pytest.approx(101.25 / 24 * HOURS_PER_MONTH)
    assert found.checked
    assert "24 hours" in found.note


def test_a_region_without_prices_is_priced_as_us_east_1_and_says_so() -> None:
    found = estimate(plan_of(), region="sa-east-1", workers=WORKERS, fresh_stream=False)
    assert found.total == of(plan_of()).total
    shown = to_json(found)
    assert shown["region"] == "sa-east-1"
    assert shown["note"].startswith("prices of us-east-1: there are none of sa-east-1 on file")
    assert all("price of us-east-1" in line["note"] for line in shown["lines"])
    assert "price of us-east-1" in commitment_price("eu-west-1").note


def test_a_region_with_prices_has_its_own() -> None:
    found = estimate(plan_of(), region="eu-west-1", workers=WORKERS, fresh_stream=False)
    assert amounts(found)["Kinesis data in"] == pytest.approx(4 * 3_600_000 * 1024 / 2**30 * 0.091)
    assert "us-east-1" not in str(to_json(found))


def test_a_price_that_was_not_checked_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    rumour = Price(Item.KINESIS_IN, REGION, 1.0, "GB", "2026-01-01", False, "https://example.org")
    at = prices.in_region(REGION)
    monkeypatch.setattr(
        type(at),
        "of",
        lambda _, item: rumour if item is Item.KINESIS_IN else at._found[item, REGION],
    )
    line = to_json(of(plan_of()))["lines"][0]
    assert (line["item"], line["price"]) == ("Kinesis data in", 1.0)
    assert line["note"].endswith("price not checked against AWS")


def test_the_answer_is_as_the_api_promises_it() -> None:
    shown = to_json(of(plan_of()))
    assert list(shown) == [
        *("currency", "total", "prices_as_of", "region", "lines", "standing", "note")
    ]
    assert shown["currency"] == "USD"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", shown["prices_as_of"])
    for line in (*shown["lines"], *shown["standing"]):
        assert list(line) == ["item", "quantity", "unit", "price", "amount", "note"]
        assert line["amount"] == pytest.approx(line["quantity"] * line["price"], abs=1e-6)
    assert "free tiers" in shown["note"]
    assert "retries" in shown["note"]


def test_what_stands_is_what_the_template_makes() -> None:
    template = (ROOT / "infrastructure.yaml").read_text()
    assert template.count("Type: AWS::CloudWatch::Alarm") == cost.ALARMS
    assert template.count("Type: AWS::CloudWatch::Dashboard") == cost.DASHBOARDS
    # What would cost something while idle, and is nowhere in cost.py.
    for dear in ("KMS::Key", "EC2::NatGateway", "EC2::EIP", "EC2::VPCEndpoint"):
        assert f"Type: AWS::{dear}" not in template


def test_an_idle_stack_costs_its_stream_its_monitoring_and_a_cent() -> None:
    def month(**parameters: bool) -> float:
        lines = standing(REGION, Stack(**parameters))
        return HOURS_PER_MONTH * sum(line.amount for line in lines)

    image, stream = 0.01, 0.04 * HOURS_PER_MONTH
    monitoring = cost.ALARMS * 0.1 + cost.DASHBOARDS * 3.0
    assert month() == pytest.approx(image + stream + monitoring)
    assert month(monitoring=False) == pytest.approx(image + stream)
    assert month(monitoring=False, kept_stream=False) == pytest.approx(image)
