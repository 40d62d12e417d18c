"""Producers and tasks killed and stopped in each of a demo's phases and at each transition.

The demo goes on to its end; what is lost is what the killed process had in memory, and is said so.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from local.ledgers import TaskLogs
from local.summary import Summary
from tests.chaos.control import Controlled, assert_gone, ends_of, proofs, written_down
from tests.chaos.kills import Blow, Moment, Strike, Striker, Victims
from tests.e2e.demos import plan

pytestmark = pytest.mark.long

PHASES = 4
SECONDS = (8, 8, 8, 8)
ONE_BY_ONE = [
    Strike(Blow.KILL, Victims.PRODUCER, Moment.MIDST),
    Strike(Blow.KILL, Victims.TASK, Moment.MIDST),
    Strike(Blow.PAUSE, Victims.PRODUCER, Moment.MIDST),
    Strike(Blow.STOP, Victims.PRODUCER, Moment.MIDST),
    Strike(Blow.STOP, Victims.TASK, Moment.MIDST),
]
ALL_AT_ONCE = [
    Strike(Blow.KILL, Victims.ALL, Moment.MIDST),
    Strike(Blow.PAUSE, Victims.ALL, Moment.MIDST),
    Strike(Blow.KILL, Victims.ALL, Moment.TRANSITION),
    Strike(Blow.KILL, Victims.ALL, Moment.END),
    Strike(Blow.PAUSE, Victims.ALL, Moment.TRANSITION),
    Strike(Blow.PAUSE, Victims.ALL, Moment.END),
]


def struck(controlled: Controlled, named: Mapping[str, Strike]) -> Mapping[str, int]:
    """A demo for each strike, all at once; how often each was struck."""
    for name in named:
        body = plan(tps=(400, 800, 1_600, 400), seconds=SECONDS)
        controlled.platform.api.start({"name": name, **body})
    striker = Striker(named)
    striker.strike_all(PHASES, 120)
    return striker.struck


def judge(strike: Strike, summary: Summary, logs: TaskLogs) -> None:
    told = f"{strike}: {summary.complaints()} {summary.failed_by_cause}"
    assert summary.status == "SUCCEEDED", told
    assert set(summary.failed_by_cause) <= {"process_died"}, told
    if strike.blow is Blow.PAUSE:
        assert (summary.failed, summary.lost, summary.broken_tasks) == (0, 0, 0), told
    if strike.moment is Moment.MIDST:  # at others one may die before it has books
        assert summary.broken_tasks == 0, told
    died = [ledger for ledger in logs.ledgers if ledger.failed_by_cause]
    theirs = {name for ledger in died for name in ledger.generated_by_producer}
    assert set(summary.lost_by_producer) <= theirs, told


def test_producers_and_tasks_in_each_phase_and_at_each_transition(controlled: Controlled) -> None:
    platform = controlled.platform
    one = {f"one{number}-": strike for number, strike in enumerate(ONE_BY_ONE)}
    every = {f"all{number}-": strike for number, strike in enumerate(ALL_AT_ONCE)}
    # ECS kills the last of the first ones while the second ones are under way.
    times = {**struck(controlled, one), **struck(controlled, every)}
    proven = proofs(platform, ends_of(platform, times))
    for name, strike in {**one, **every}.items():
        summary, logs = proven[name]
        written_down(summary, str(strike), strike.victims.value, times[name])
        judge(strike, summary, logs)
    assert_gone(platform, list(times))
