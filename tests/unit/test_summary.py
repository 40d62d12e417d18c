"""The verdict is good only if ledgers and stream agree, and says why if it isn't."""

from dataclasses import replace
from typing import Any

import pytest

from local.ledgers import PoolLedger, TaskLogs
from local.load import Load, limiting_factor
from local.proof import Tally
from local.reader import Gone, Post
from local.summary import Summary, summarize
from local.table import table
from tests.reports import verdict
from worker.histogram import Distribution

START_MS = 1_795_593_600_000
STARTED_AT = "2026-11-25T08:00:00Z"


def demo(status: str = "SUCCEEDED", target: int = 1000, **more: Any) -> dict[str, Any]:
    phase = {
        "phase_number": 1,
        "target_tps": target,
        "task_count": 1,
        "duration_seconds": 10,
        "started_at": STARTED_AT,
    }
    stream: dict[str, Any] = {"shared_with": []}
    return {"demoId": "d", "status": status, "phases": [phase], "stream": stream, **more}


def ledger(generated: int = 9_000, **changes: Any) -> PoolLedger:
    books = PoolLedger(
        pool="p",
        phase=1,
        generated=generated,
        delivered=generated,
        failed=0,
        failed_by_cause={},
        retried=0,
        throttled=0,
        missed=0,
        limited_by=None,
        recovered=False,
        generated_by_producer={"p-0": generated},
    )
    return replace(books, **changes)


def tally(records: int = 9_000, every_ms: int = 1) -> Tally:
    found = Tally("d")
    for n in range(records):
        found.add(Post("d", 1, "p-0", n, START_MS + 1_000 + n * every_ms))
    return found


def summary(**parts: Any) -> Summary:
    ledgers = parts.pop("ledgers", [ledger()])
    logs = TaskLogs(tuple(ledgers), frozenset(), parts.pop("broken", {}))
    arguments: dict[str, Any] = {"demo": demo(), "logs": logs, "tally": tally(), "loads": {}}
    return summarize(**arguments | parts)


def test_a_demo_of_which_all_is_there_is_a_success() -> None:
    result = summary()
    assert result.ok
    assert result.complaints() == []
    assert result.verdict() == (
        "demo d SUCCEEDED: 9,000 generated, 9,000 delivered, 0 lost, 0 duplicates"
    )
    (phase,) = result.phases
    assert (phase.achieved_tps, phase.seconds_to_target, phase.limited_by) == (999.9, 1.0, None)


def test_a_lost_record_spoils_it_and_the_producer_is_named() -> None:
    books = ledger(9_002, delivered=9_000, failed=2, failed_by_cause={"throttled": 2})
    result = summary(ledgers=[books])
    assert not result.ok
    assert result.lost == 2
    assert result.complaints() == [
        "2 records of producer p-0 are not in the stream",
        "the ledgers gave up 2 records, by cause: throttled 2",
    ]


def test_a_failed_workflow_spoils_it_with_its_cause() -> None:
    result = summary(demo=demo("FAILED", error="States.Timeout", cause="too slow"))
    assert not result.ok
    assert result.complaints() == ["the workflow ended FAILED: States.Timeout too slow"]


def test_a_stream_that_dropped_unread_records_is_no_proof_of_anything() -> None:
    for records in (0, 8_000, 9_000):
        found = tally(records)
        found.add(Gone(1_000))
        judged = demo(thresholds=[verdict("lost==0", metric="lost", unit="", value=0, ok=True)])
        result = summary(demo=judged, tally=found)
        assert (result.ok, result.exit_code) == (False, 1)
        (complaint,) = result.complaints()
        assert "1,000 records had left the stream before they were read, so nobody" in complaint
        assert "STREAM_MEMORY" in complaint
        assert "9,000 acknowledged, how many are lost can't be told" in result.verdict()
        document = result.as_dict()
        assert (document["read_back"], document["lost"], document["duplicates"]) == (
            *(False, None, None),
        )
        (threshold,) = document["thresholds"]
        assert (threshold["value"], threshold["ok"]) == (None, None)


def test_a_foreign_record_spoils_it() -> None:
    found = tally()
    found.add(Post("d", 1, "nobody", 0, START_MS))
    result = summary(tally=found)
    assert not result.ok
    assert "1 records in the stream were made by nobody known" in result.complaints()


def test_workers_that_never_ran_are_no_success_though_nothing_was_lost() -> None:
    result = summary(ledgers=[], tally=Tally("d"), broken={"a": 3})
    assert (result.lost, result.foreign) == (0, 0)
    assert not result.ok
    assert result.complaints() == [
        "1 task(s) ended with an error and without a ledger",
        "phase 1 sent nothing at all",
    ]


def test_thresholds_are_told_and_a_crossed_one_is_an_exit_code_of_its_own() -> None:
    crossed = verdict("cost<1", metric="cost", unit="USD", value=2.5, ok=False)
    unknown = verdict("p99_latency_ms<5", metric="p99_latency_ms", value=None, ok=None)
    for told, code in (
        ([verdict()], 0),
        ([verdict(), crossed, unknown], 99),
        ([verdict(), unknown], 1),
    ):
        result = summary(demo=demo(thresholds=told))
        assert (result.ok, result.exit_code, result.passed) == (True, code, code == 0)
        assert result.as_dict()["thresholds"] == tuple(told)
    assert "threshold cost<1: crossed, 2.5 USD" in table(summary(demo=demo(thresholds=[crossed])))
    assert result.verdict().endswith("0 duplicates, of 2 thresholds 1 not known")


@pytest.mark.parametrize(
    ("limit", "unit", "phase", "value", "ok"),
    [
        (2, "records", None, 2, True),
        (1, "records", 1, 2, False),
        (0.1, "%", None, 0.1, True),
        (0.09, "%", 1, 0.1, False),
        (0, "records", 2, 0, True),
    ],
)
def test_what_was_lost_is_judged_by_the_stream_and_not_by_what_was_counted(
    limit: float, unit: str, phase: int | None, value: float, ok: bool
) -> None:
    """Two of 2,000 are not in the stream, both of phase 1, though all were acknowledged."""
    others = ledger(500, pool="q", phase=2, generated_by_producer={"q-0": 500})
    found = tally(records=1_998)
    for n in range(500):
        found.add(Post("d", 2, "q-0", n, START_MS + 12_000 + n))
    asked = verdict(operator="<=", limit=limit, unit=unit, phase=phase)
    made = [ledger(2_000)] if phase == 1 or unit == "%" else [ledger(2_000), others]
    result = summary(demo=demo(thresholds=[asked]), ledgers=made, tally=found)
    (told,) = result.thresholds
    assert (told["value"], told["ok"]) == (value, ok)
    assert result.exit_code == 1


def test_what_nobody_generated_is_not_judged_by_the_stream() -> None:
    unknown = verdict(value=None, ok=None)
    result = summary(demo=demo(thresholds=[unknown]), ledgers=[], tally=Tally("d"))
    assert result.thresholds == (unknown,)


def test_a_demo_that_stopped_at_a_threshold_has_no_silent_phases_to_complain_of() -> None:
    crossed = verdict("failed==0", metric="failed", value=3, ok=False)
    why: dict[str, Any] = {"error": "ThresholdCrossed", "cause": "failed==0 is crossed: 3 records"}
    stopped = demo("FAILED", thresholds=[crossed], **why)
    later = {**stopped["phases"][0], "phase_number": 2, "started_at": None}
    result = summary(demo={**stopped, "phases": [*stopped["phases"], later]})
    assert (result.silent_phases, result.ok, result.exit_code) == ([2], False, 99)
    assert [phase.limited_by for phase in result.phases] == [None, None]
    assert result.complaints() == [
        "the workflow ended FAILED: ThresholdCrossed failed==0 is crossed: 3 records"
    ]


def test_a_killed_worker_is_told_of_even_if_nothing_was_lost() -> None:
    result = summary(ledgers=[ledger(recovered=True)])
    assert result.ok
    assert result.killed_workers == 1
    assert "1 worker(s) were killed" in result.complaints()[0]


def test_a_phase_that_fell_short_says_by_how_much_and_what_limited_it() -> None:
    result = summary(
        demo=demo(target=2_000),
        ledgers=[ledger(missed=9_000, limited_by="cpu")],
        loads={1: Load(machine=0.97, stack=0.99)},
    )
    shortfall = table(result)[-1]
    assert shortfall.startswith("phase 1 fell short of 2,000/s by 55.0%: ")
    assert "the embedded Kinesis used 99% of the one core it can use" in shortfall
    assert "this machine's CPUs were 97% busy" in shortfall
    assert "1 worker used all the CPU that they may" in shortfall
    assert "9,000 records were due and not made" in shortfall


def test_throttling_is_told_apart_from_a_machine_at_its_limit() -> None:
    assert limiting_factor(Load(0.2, 0.3), throttled=1_500, missed=0, workers={}) == (
        "the stream throttled 1,500 records"
    )
    assert "may have started late" in limiting_factor(None, 0, 0, {})


def test_percentiles_are_of_all_tasks_records_together() -> None:
    fast, slow = Distribution.of([(10.0, 98)], 10.5), Distribution.of([(1_000.0, 2)], 1_040.0)
    result = summary(ledgers=[ledger(latency=fast), ledger(pool="q", latency=slow)])
    assert result.latency_ms == result.phases[0].latency_ms
    assert result.latency_ms == pytest.approx(
        {"p50": 10, "p90": 10, "p99": 1_000, "max": 1_040}, rel=0.06
    )
    assert summary().latency_ms is None


def test_what_the_stream_took_by_second_is_for_the_picture_not_for_the_file() -> None:
    result = summary()
    assert sum(result.arrivals.values()) == result.delivered == 9_000
    assert min(result.arrivals) == START_MS // 1000 + 1
    assert "arrivals" not in result.as_dict()


def test_the_table_has_a_row_a_phase_under_its_heading() -> None:
    head, row = table(summary())
    assert head.split() == [
        *("phase", "target/s", "achieved/s", "tasks", "to", "target", "delivered", "throttled")
    ]
    assert row.split() == ["1", "1,000", "999.9", "1", "1.00", "s", "9,000", "0"]


def test_the_table_tells_what_the_demo_would_have_cost_on_aws() -> None:
    lines = [{"item": "Kinesis data in", "amount": 0.55}, {"item": "KMS", "amount": 0.0002}]
    spent = {"total": 0.642, "region": "us-east-1", "prices_as_of": "2025-06-05", "lines": lines}
    result = summary(demo=demo(cost={"estimate": spent, "actual": spent}))
    assert table(result)[-1] == (
        "on AWS it would have cost about $0.64 (list prices of us-east-1 as of 2025-06-05), "
        "$0.55 of it Kinesis data in"
    )
    assert result.as_dict()["cost"]["actual"]["total"] == 0.642


def test_a_cost_that_is_not_known_is_not_told() -> None:
    for cost in (None, {"estimate": None, "actual": None}):
        assert "on AWS" not in "\n".join(table(summary(demo=demo(cost=cost))))
