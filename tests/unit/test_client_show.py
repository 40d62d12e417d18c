"""The API's answers, in lines for a person."""

from datetime import UTC, datetime
from typing import Any

from client import show

NOW = datetime(2026, 11, 25, 8, 0, 4, tzinfo=UTC)
RECORDS = {"generated": 60_000, "delivered": 1_234, "throttled": 56_789, "retried": 5, "failed": 0}
COST = {
    "currency": "USD",
    "total": 1.2345,
    "prices_as_of": "2026-11-24",
    "region": "us-east-1",
    "note": "free tiers are ignored",
    "lines": [
        {
            "item": "Kinesis data in",
            "quantity": 12.5,
            "unit": "GB",
            "price": 0.08,
            "amount": 1.0,
            "note": "each record rounded up to 1 KB",
        },
        {
            "item": "Step Functions",
            "quantity": 12_345.0,
            "unit": "transition",
            "price": 2.5e-05,
            "amount": 0.2345,
            "note": None,
        },
    ],
    "standing": [
        {
            "item": "Kept stream",
            "quantity": 1,
            "unit": "hour",
            "price": 0.04,
            "amount": 0.04,
            "note": None,
        }
    ],
}


def phase(number: int, **more: Any) -> dict[str, Any]:
    return {
        "phase_number": number,
        "target_tps": (100, 10_000, 1_000_000, 0.5)[number - 1],
        "task_count": (1, 10, 50, 1)[number - 1],
        "duration_seconds": 120,
        "started_at": None,
        "ends_at": None,
        "ended_at": None,
        "achieved_tps": None,
        "seconds_to_target": None,
        "records": RECORDS,
        **more,
    }


def demo(**more: Any) -> dict[str, Any]:
    return {
        "demoId": "friday",
        "status": "RUNNING",
        "startDate": "2026-11-25T07:58:00.000Z",
        "stopDate": None,
        "currentPhase": 2,
        "current_tps": 9_876.4,
        "phases": [
            phase(
                1,
                started_at="2026-11-25T07:58:00Z",
                ends_at="2026-11-25T08:00:00Z",
                ended_at="2026-11-25T08:00:00Z",
                achieved_tps=99.96,
                seconds_to_target=1.0,
            ),
            phase(2, started_at="2026-11-25T08:00:00Z", ends_at="2026-11-25T08:02:00Z"),
            phase(3),
            phase(4),
        ],
        "records": RECORDS,
        "tasks": {"desired": 10, "running": 9},
        "stream": {"name": "s", "mode": "kept", "open_shards": 4, "shared_with": ["a", "b"]},
        **more,
    }


def test_progress_shows_target_rate_tasks_throttles_and_time_left() -> None:
    assert show.progress_line(demo(), NOW) == (
        "phase 2 spike     10,000/s  now   9,876/s  tasks 9/10  throttled 56,789  116 s left"
    )


def test_before_the_first_phase_there_is_only_the_status() -> None:
    line = show.progress_line(demo(currentPhase=None), NOW)
    assert line == "running, 1,234 records delivered"


def test_a_rate_that_is_not_known_yet_is_no_zero() -> None:
    assert "–" in show.progress_line(demo(current_tps=None), NOW)


def test_a_phase_that_is_over_is_one_line() -> None:
    line = show.phase_line(demo()["phases"][0], demo())
    assert line == "phase 1 baseline     100/s  achieved     100/s  by 1 task  4 open shards"
    gone = show.phase_line(demo()["phases"][0], demo(stream={"name": "s", "open_shards": None}))
    assert gone == "phase 1 baseline     100/s  achieved     100/s  by 1 task"


def test_a_status_tells_time_rate_records_stream_and_who_shares_it() -> None:
    assert show.status(demo(), NOW) == [
        "demo friday RUNNING",
        "  started 2026-11-25 07:58:00Z, running for 2 min 4 s",
        f"  {show.progress_line(demo(), NOW)}",
        "  records: 1,234 delivered, 56,789 throttled, 5 retried, 0 failed",
        "  stream: s (kept), 4 open shards, shared with a, b: their traffic counts here too",
    ]


def test_a_list_of_sharers_that_may_be_incomplete_says_so() -> None:
    stream = {"name": "s", "shared_with": ["a"], "shared_with_complete": False}
    assert "  stream: s, shared with a, perhaps others: their traffic counts here too" in (
        show.status(demo(stream=stream), NOW)
    )


def test_a_report_is_a_table_and_ends_in_the_verdict() -> None:
    ended = demo(status="FAILED", stopDate="2026-11-25T08:01:00Z", error="Broken", cause="it broke")
    lines = show.report(ended, NOW)
    assert [line.split() for line in lines[1:5]] == [
        ["1", "baseline", "100", "100.0", "1", "1.0", "s", "1,234", "56,789"],
        ["2", "spike", "10,000", "–", "10", "–", "1,234", "56,789"],
        ["3", "peak", "1,000,000", "–", "50", "–", "1,234", "56,789"],
        ["4", "decline", "0.5", "–", "1", "–", "1,234", "56,789"],
    ]
    assert "failed with Broken: it broke" in lines
    assert lines[-1] == "demo friday FAILED after 3 min 0 s"


def test_a_phase_that_never_reached_its_target_says_so() -> None:
    never = demo(phases=[phase(1, ended_at="2026-11-25T08:00:00Z", achieved_tps=50.0)])
    assert " never " in show.report(never, NOW)[1]


def test_a_listing_is_a_table() -> None:
    ended = demo(demoId="a", status="SUCCEEDED", stopDate="2026-11-25T07:58:09Z")
    assert show.listing([demo(), ended], NOW) == [
        "demo    status     started                    took",
        "friday  RUNNING    2026-11-25 07:58:00Z  2 min 4 s",
        "a       SUCCEEDED  2026-11-25 07:58:00Z        9 s",
    ]
    assert show.listing([], NOW) == ["no demos"]


def test_a_start_tells_the_plan_the_stream_and_what_it_may_cost() -> None:
    answer = {
        "demoId": "friday",
        "phases": [phase(3)],
        "stream": {"name": "f", "mode": "fresh", "shared_with": []},
        "warm_throughput_mibps": 50,
        "cost": COST,
    }
    lines = show.started(answer, dry_run=False)
    assert lines[:5] == [
        "demo friday started",
        "  phase 3 peak     1,000,000/s  by 50 tasks for 120 s",
        "  stream: f (fresh)",
        "  warm throughput: 50 MiB/s",
        "estimated cost: 1.2345 USD (list prices of us-east-1 as of 2026-11-24)",
    ]
    assert len(lines) == 5
    assert show.started(answer, dry_run=True)[0] == ("demo friday would be started; nothing was")


def test_an_answer_of_an_api_that_tells_no_plan_and_no_cost_is_one_line() -> None:
    assert show.started({"demoId": "friday"}, dry_run=False) == ["demo friday started"]


DETAILS = [
    "  Kinesis data in    12.5  GB             × 0.08  1.0000  each record rounded up to 1 KB",
    "  Step Functions   12,345  transition  × 2.5e-05  0.2345",
    "  free tiers are ignored",
    "whether or not a demo runs, an hour:",
    "  Kept stream  1  hour  × 0.04  0.0400",
]
ESTIMATED = "estimated cost: 1.2345 USD (list prices of us-east-1 as of 2026-11-24)"
ACTUAL = "actual cost: 0.5000 USD (list prices of us-east-1 as of 2026-11-24)"


def test_a_dry_run_tells_costs_line_by_line_with_what_stands_whether_or_not_a_demo_runs() -> None:
    lines = show.started({"demoId": "friday", "cost": COST}, dry_run=True)
    assert lines[1:] == [ESTIMATED, "the estimated cost in detail:", *DETAILS]


def test_a_report_tells_the_actual_cost_line_by_line_and_a_status_the_sums() -> None:
    cost = {"estimate": COST, "actual": {**COST, "total": 0.5}}
    lines = show.report(demo(cost=cost), NOW)
    assert lines[-9:-1] == [ESTIMATED, ACTUAL, "the actual cost in detail:", *DETAILS]
    assert show.report(demo(cost=cost), NOW, costs=False)[-3:-1] == [ESTIMATED, ACTUAL]
    assert show.status(demo(cost=cost), NOW)[-2:] == [ESTIMATED, ACTUAL]


def test_a_cost_that_is_not_known_is_left_out() -> None:
    assert show.status(demo(cost={"estimate": None, "actual": None}), NOW)[5:] == []
    assert show.status(demo(cost={"estimate": COST, "actual": None}), NOW)[5:] == [ESTIMATED]
