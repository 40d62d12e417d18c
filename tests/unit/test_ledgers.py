"""Ledgers are found among everything else that tasks print."""

import json
from typing import Any

from local.ledgers import parse_task_logs


def ledger_line(pool: str = "p", demo: str = "d", **more: Any) -> str:
    return json.dumps(
        {
            "event": "ledger",
            "demo_id": demo,
            "phase": 2,
            "pool": pool,
            "generated": 5,
            "delivered": 4,
            "failed": 1,
            "failed_by_cause": {"process_died": 1},
            "retried": 0,
            "throttled": 0,
            "missed": 0,
            "producers": {f"{pool}-0": {"generated": 5}},
            **more,
        }
    )


def started(demo: str = "d") -> str:
    return json.dumps({"event": "task_started", "demo_id": demo})


ENDED = json.dumps({"event": "task_ended", "exit_code": 0})


def test_a_demos_ledgers_are_read_and_anothers_are_not() -> None:
    lines = [
        ("a", started()),
        ("a", "Traceback (most recent call last):"),
        ("a", "[1, 2]"),
        ("a", ledger_line()),
        ("b", ledger_line("q", demo="other")),
        ("a", ENDED),
    ]
    logs = parse_task_logs(lines, "d")
    (ledger,) = logs.ledgers
    assert (ledger.pool, ledger.phase, ledger.generated, ledger.recovered) == ("p", 2, 5, False)
    assert ledger.generated_by_producer == {"p-0": 5}
    assert logs.unended == frozenset()


def test_a_ledger_tells_how_often_each_latency_occurred() -> None:
    told: dict[str, Any] = {
        "latency_counts": [[53.5, 3], [107.0, 1]],
        "latency_ms": {"from_due": {"max": 141.3}},
    }
    (ledger,) = parse_task_logs([("a", ledger_line(**told))], "d").ledgers
    assert [count for _, count in ledger.latency.buckets()] == [3, 1]
    assert ledger.latency.max_ms == 141.3
    (silent,) = parse_task_logs([("a", ledger_line(latency_ms={"from_due": None}))], "d").ledgers
    assert silent.latency.summary() is None


def test_a_task_that_has_not_ended_is_waited_for() -> None:
    lines = [("a", started()), ("b", started()), ("c", started("other")), ("a", ENDED)]
    assert parse_task_logs(lines, "d").unended == {"b"}


def test_a_ledger_that_was_shipped_twice_counts_once() -> None:
    line = ledger_line(recovered=True)
    logs = parse_task_logs([("a", line), ("a", line)], "d")
    assert len(logs.ledgers) == 1
    assert logs.ledgers[0].recovered


def test_a_task_that_ended_badly_without_a_ledger_is_told_of() -> None:
    bad = json.dumps({"event": "task_ended", "exit_code": 3})
    killed = json.dumps({"event": "task_ended", "exit_code": -9})
    lines = [
        *(("a", started()), ("a", bad)),
        *(("b", started()), ("b", ledger_line(recovered=True)), ("b", killed)),
        *(("c", started()), ("c", ENDED)),
        *(("d", started("other")), ("d", bad)),
    ]
    assert parse_task_logs(lines, "d").broken == {"a": 3}
