"""What a demo's thresholds come to: lines for a person, and an exit code for a script."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client import show, thresholds, watch
from client.plans import judged_by, read_thresholds
from tests.unit.test_client_commands import ENDED, Api, Clock, run
from tests.unit.test_client_show import NOW, demo

STATUSES = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT", "RUNNING")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(watch, "time", made)
    return made


def verdict(ok: bool | None, value: float | None = 12.5, **more: Any) -> dict[str, Any]:
    told = {
        "threshold": "phase 2: p99_latency_ms<500",
        "phase": 2,
        "metric": "p99_latency_ms",
        "operator": "<",
        "limit": 500,
        "unit": "ms",
        "value": None if ok is None else value,
        "ok": ok,
    }
    return told | more


def ended(*oks: bool | None, status: str = "SUCCEEDED", **more: Any) -> dict[str, Any]:
    return demo(status=status, thresholds=[verdict(ok) for ok in oks], **ENDED, **more)


@pytest.mark.parametrize(
    ("over", "code"),
    [
        (ended(), 0),
        (ended(True, True), 0),
        (ended(True, False, None), 99),
        (ended(True, None), 1),
        (ended(True, status="FAILED", error="States.Timeout"), 1),
        (ended(False, status="FAILED", error="States.Timeout"), 1),
        (ended(False, status="FAILED", error="ThresholdCrossed"), 99),
        (ended(False, status="ABORTED", error="DemoStopped"), 1),
    ],
)
def test_the_exit_code_says_what_became_of_demo_and_thresholds(
    over: dict[str, Any], code: int
) -> None:
    assert run(Api(over), "report", "friday", "--output", "json")[0] == code


@given(
    st.sampled_from(STATUSES),
    st.lists(st.sampled_from((True, False, None)), max_size=4),
    st.sampled_from((None, "ThresholdCrossed", "Other")),
)
def test_only_a_demo_that_succeeded_and_held_all_is_good(
    status: str, oks: list[bool | None], error: str | None
) -> None:
    found = {"status": status, "error": error, "thresholds": [verdict(ok) for ok in oks]}
    code = thresholds.exit_code(found)
    assert code in (0, 1, 99)
    assert (code == 0) == (status == "SUCCEEDED" and all(oks))
    if code == 99:
        assert False in oks


def test_an_api_that_knows_no_thresholds_crosses_none() -> None:
    assert thresholds.exit_code({"status": "SUCCEEDED"}) == 0
    assert thresholds.lines({"status": "SUCCEEDED"}) == []


def test_each_threshold_is_told_with_what_it_was_held_against() -> None:
    told = [
        verdict(True),
        verdict(False, 1_234.5),
        verdict(None),
        verdict(False, None, threshold="seconds_to_target<5", unit="s"),
        verdict(True, 99.25, threshold="achieved_tps>=99%", unit="%"),
        verdict(False, 1_234_567, threshold="throttled==0", unit="records"),
        verdict(False, 0.0000125, threshold="cost<0.00001", unit="USD"),
        verdict(True, 0, threshold="lost==0", unit="records"),
    ]
    assert thresholds.lines({"thresholds": told}) == [
        "threshold phase 2: p99_latency_ms<500: held, 12.5 ms",
        "threshold phase 2: p99_latency_ms<500: crossed, 1,234.5 ms",
        "threshold phase 2: p99_latency_ms<500: not known",
        "threshold seconds_to_target<5: crossed, never reached",
        "threshold achieved_tps>=99%: held, 99.25%",
        "threshold throttled==0: crossed, 1,234,567 records",
        "threshold cost<0.00001: crossed, 0.000013 USD",
        "threshold lost==0: held, 0 records",
    ]


@pytest.mark.parametrize(
    ("oks", "said"),
    [
        ((), ""),
        ((True,), ""),
        ((False,), ", of 1 threshold 1 crossed"),
        ((False, None, False, True), ", of 4 thresholds 2 crossed, 1 not known"),
    ],
)
def test_the_last_line_says_how_many_did_not_hold(oks: tuple[bool | None, ...], said: str) -> None:
    lines = show.report(ended(*oks), NOW)
    assert lines[-1] == f"demo friday SUCCEEDED after 12 min 0 s{said}"
    assert sum(line.startswith("threshold phase 2") for line in lines) == len(oks)


def test_a_status_shows_them_while_the_demo_runs() -> None:
    _, out = run(Api(demo(thresholds=[verdict(None)])), "status", "friday")
    assert "  threshold phase 2: p99_latency_ms<500: not known" in out.splitlines()


def test_a_start_sends_them_after_the_plans_own(tmp_path: Any) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"thresholds": ["failed==0"]}))
    answer = {"demoId": "a", "thresholds": ["failed==0", "lost==0", "cost<1"]}
    api = Api({**answer, "abort_on_fail": True})
    words = ("--threshold", "lost==0, cost<1", "--abort-on-fail", "--plan", str(plan))
    _, out = run(api, "start", *words)
    assert api.asked == [
        (
            "start",
            {"thresholds": ["failed==0", "lost==0", "cost<1"], "abort_on_fail": True},
            False,
        )
    ]
    said = "  thresholds: failed==0, lost==0, cost<1; it stops at one that is crossed"
    assert said in out.splitlines()


def test_thresholds_may_be_given_one_by_one_or_with_commas() -> None:
    assert read_thresholds(["a<1, phase 2: b==0%", "", "c>2,"]) == ["a<1", "phase 2: b==0%", "c>2"]


def test_a_body_stays_as_it_is_where_nothing_is_said_and_bad_ones_are_for_the_api_to_refuse() -> (
    None
):
    assert judged_by({"name": "a"}, [""], abort=False) == {"name": "a"}
    assert judged_by({"thresholds": 5}, ["lost==0"], abort=False) == {"thresholds": 5}


def test_a_watch_goes_on_until_the_last_counts_are_in() -> None:
    api = Api(ended(None, True), ended(None, True), ended(False, True))
    code, out = run(api, "watch", "friday")
    assert (code, len(api.asked)) == (99, 3)
    assert out.splitlines()[-1].endswith("of 2 thresholds 1 crossed")


def test_a_watch_does_not_wait_for_what_never_comes(clock: Clock) -> None:
    api = Api(*[ended(None)] * 40)
    assert run(api, "watch", "friday", "--output", "json")[0] == 1
    assert watch.JUDGING_SECONDS < clock.monotonic() < watch.JUDGING_SECONDS + 10


@pytest.mark.parametrize("status", ["FAILED", "ABORTED"])
def test_of_a_demo_that_did_not_succeed_no_more_is_waited_for(status: str) -> None:
    api = Api(ended(None, status=status))
    assert run(api, "watch", "friday", "--output", "json")[0] == 1
