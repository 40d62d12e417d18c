"""The document of a demo that only its API knows claims nothing that nobody looked at."""

from typing import Any

import pytest

from client.plans import read_phases
from reporting.document import (
    disagreements,
    of_answer,
    ok,
    phases_option,
    plan_of,
    verdict,
    with_seconds,
)
from tests.reports import document, seconds
from tests.unit.test_client_show import RECORDS, demo

ENDED = {"status": "SUCCEEDED", "stopDate": "2026-11-25T08:10:00Z"}


def test_it_has_the_names_of_a_proven_demos_and_null_for_what_only_a_reader_can_know() -> None:
    found = of_answer(demo(**ENDED))
    known = ("complaints", "notes", "environment", "reproduce")
    assert {*found} == {*document()} - {*known}
    assert {*found["phases"][0]} == {*document()["phases"][0]}
    unknown = ("delivered", "lost", "duplicates", "foreign", "killed_workers", "broken_tasks")
    assert [found[name] for name in unknown] == [None] * 6
    assert (found["acknowledged"], found["failed"]) == (RECORDS["delivered"], 0)
    assert found["read_back"] is False


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"lost": 1}, False),
        ({"foreign": 1}, False),
        ({"status": "ABORTED"}, False),
        ({"thresholds": [{"threshold": "lost==0", "ok": False}]}, False),
        ({"thresholds": [{"threshold": "lost==0", "ok": None}]}, False),
        ({"read_back": False, "lost": None}, True),
        ({"read_back": False, "failed": 1}, False),
        ({"phases": [{**document()["phases"][0], "delivered": 0}]}, False),
    ],
)
def test_a_demo_is_good_as_far_as_was_looked(changes: dict[str, Any], good: bool) -> None:
    assert ok({**document(thresholds=[]), **changes}) is good


def test_the_verdict_says_lost_only_where_the_stream_was_read() -> None:
    assert verdict(document()) == (
        "SUCCEEDED: 4,010 generated, 4,010 delivered, 0 lost, 3 duplicates; 0 of 2 thresholds held"
    )
    assert verdict(document(read_back=False, thresholds=[])) == (
        "SUCCEEDED: 4,010 generated, 4,010 acknowledged by Kinesis, 0 given up"
    )


def test_the_plan_it_tells_is_one_that_can_be_started_again() -> None:
    of = document()
    assert plan_of(of) == "100 → 6,000 → 12,000 → 99.5 records/s"
    read = read_phases(phases_option(of))
    names = ("target_tps", "duration_seconds", "task_count")
    assert read == [{name: phase[name] for name in names} for phase in of["phases"]]


def test_the_seconds_are_held_against_the_counts() -> None:
    counts = {"throttled": 8, "retried": 8, "failed": 8}
    assert disagreements(with_seconds(document(**counts), seconds())) == []
    short = seconds(in_stream=(1.0,) * 8, failed=(None,) * 8)
    assert disagreements(with_seconds(document(**counts), short)) == [
        "the seconds' in_stream add up to 8, of 4,010 delivered"
    ]


def test_a_phase_ends_with_the_shards_that_were_told_last() -> None:
    found = with_seconds(document(), seconds())["phases"]
    assert [phase["open_shards"] for phase in found] == [4, 4, 34, 34]
    unknown = with_seconds(document(), seconds(open_shards=(None,) * 8))
    assert unknown["phases"][0]["open_shards"] is None


def test_a_phases_worst_second_is_told() -> None:
    p99 = (20.0, None, 30.0, 900.5, None, None, 1.0, 2.0)
    found = with_seconds(document(), seconds(latency_p99_ms=p99))["phases"]
    assert [phase["worst_second_p99_ms"] for phase in found] == [20, 900.5, None, 2]
