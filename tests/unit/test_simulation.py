"""What is asked of a simulation, what it answers, and what would do better."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ondemand.workload import of_rates
from simulation import answers, question, result, workloads
from simulation.errors import BadQuestion
from simulation.question import Question
from simulation.workloads import Workload

EVEN = Question(keys=None)


def steady(rate: float, seconds: int = 30) -> Workload:
    return Workload("steady", of_rates([rate] * seconds, tasks=0))


def plan(*targets: float, seconds: int = 20) -> dict[str, Any]:
    return {"phases": [{"target_tps": t, "duration_seconds": seconds} for t in targets]}


def test_everything_that_is_wrong_is_named_at_once() -> None:
    given = {"warm_mibps": 201, "region": "eu-central-1", "hot_share": 1.5, "keys": "0"}
    with pytest.raises(BadQuestion) as refused:
        question.read(given)
    lines = str(refused.value).splitlines()
    assert [line.split()[0] for line in lines] == ["--warm-throughput", "--hot-share", "--keys"]
    assert "200 MiB/s" in lines[0]


@pytest.mark.parametrize("keys", ["", "-1", "1.5", "many", "9" * 400])
def test_keys_are_a_number_or_even(keys: str) -> None:
    with pytest.raises(BadQuestion, match="even"):
        question.read({"keys": keys})


def test_a_region_decides_how_large_a_stream_gets() -> None:
    assert question.read({"region": "us-west-2"}).most_shards == 10_240
    assert question.read({"region": "sa-east-1"}).most_shards == 200


def test_a_plan_is_checked_by_the_apis_own_rules() -> None:
    with pytest.raises(BadQuestion) as refused:
        workloads.of_plan(plan(-1, 2, 3) | {"nmae": "x"}, Question())
    assert {"nmae", "phases[0].target_tps"} <= set(str(refused.value).split())
    found = workloads.of_plan({"phases": [None] * 4}, Question())
    assert [phase.target_tps for phase in found.phases] == [100, 10_000, 50_000, 100]


def test_a_demo_that_was_run_is_sent_again_as_it_was(tmp_path: Path) -> None:
    phase = {"target_tps": 1_000, "duration_seconds": 10, "task_count": 2, "generated": 9_500}
    began = {"started_at": "2026-11-25T12:00:00.250+00:00"}
    path = tmp_path / "summary.json"
    path.write_text(json.dumps({"demo_id": "d", "phases": [phase | began]}))
    found = workloads.of_summary(path)
    offered = [second.offered for second in found.seconds]
    assert offered[0] == pytest.approx(250)  # half a second late, a quarter into its second
    assert sum(offered) == pytest.approx(9_500)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"demo_id": "d", "phases": [{}]}'])
def test_what_is_no_summary_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "summary.json"
    path.write_text(text)
    with pytest.raises(BadQuestion, match="reports/"):
        workloads.of_summary(path)


def test_a_table_says_in_which_line_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("second,records\n0,10\n1,many\n")
    with pytest.raises(BadQuestion, match=r"table\.csv, line 3"):
        workloads.of_csv(path)


def test_a_shape_that_can_not_be_is_refused_whole() -> None:
    with pytest.raises(BadQuestion) as refused:
        workloads.of_shape("sine", -1, float("nan"), 0, 10**9)
    assert len(str(refused.value).splitlines()) == 4


def test_the_capacity_to_warm_is_the_least_that_throttles_nothing() -> None:
    found = answers.warming(steady(25_000), EVEN)
    assert found.mibps is not None
    assert not answers.throttles(steady(25_000), replace(EVEN, warm_mibps=found.mibps))
    assert answers.throttles(steady(25_000), replace(EVEN, warm_mibps=found.mibps - 1))
    assert found.mibps == pytest.approx(25, abs=1)  # a shard takes 1,000 records/s and 1 MiB/s


def test_a_stream_that_is_large_enough_needs_no_warming() -> None:
    assert answers.warming(steady(3_000), EVEN).mibps == 0


def test_a_hot_key_can_not_be_warmed_away() -> None:
    found = answers.warming(steady(5_000), replace(EVEN, hot_share=0.5))
    assert found.mibps is None
    assert "one partition key has up to 2,500 records/s" in str(found.why_not)


def test_the_whole_answer_adds_up_and_says_that_it_is_a_model() -> None:
    asked = Question(task_start_seconds=0, time_scale=180)
    answer = result.run(workloads.of_plan(plan(100, 6_000, 9_000, 100), asked), asked).document()
    assert "model" in answer["model"]
    for name in ("offered", "delivered", "throttled", "given_up"):
        whole = answer["totals"][name]
        assert sum(phase[name] for phase in answer["phases"]) == pytest.approx(whole, abs=4)
        assert sum(row[name] for row in answer["seconds"]) == pytest.approx(whole, abs=100)
    assert answer["totals"]["throttled"] > 0
    assert answer["totals"]["offered"] == answer["totals"]["delivered"]
    warm = answer["warm_throughput_for_no_throttling"]
    assert warm["cost"]["total"] > 0
    assert warm["commitment"]["per_day"] > 0
    assert answer["cost"]["total"] == pytest.approx(
        sum(line["amount"] for line in answer["cost"]["lines"])
    )
    json.dumps(answer)


def test_traffic_without_a_demo_costs_what_the_stream_takes() -> None:
    answer = result.run(steady(1_000), EVEN).document()
    assert [line["item"] for line in answer["cost"]["lines"]][:2] == [
        "Kinesis data in",
        "Fresh stream",
    ]
    assert answer["phases"] == []


def test_throttling_takes_tasks_too() -> None:
    small = Question(task_start_seconds=0)
    starved = result.run(workloads.of_plan(plan(100, 20_000, 100, 100), small), small).document()
    fewest = [phase["fewest_tasks"] for phase in starved["phases"]]
    assert fewest[1] > fewest[2] == 1
