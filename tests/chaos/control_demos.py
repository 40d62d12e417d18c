"""Runs demos at once, each with a fault of its own in its control plane, and judges every end.

MENDED: a retry gets over it, of botocore's or of the workflow's, and nothing shows in the result.
FAILED: the workflow gives up, says what failed, and has cleaned up by itself.
BLOCKED: as FAILED, but what fails is a part of the clean-up, too; DELETE does the rest later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from local.ledgers import TaskLogs
from local.summary import Summary
from tests.chaos.control import (
    CONTROLLER,
    IDLE_TPS,
    Controlled,
    Trouble,
    assert_gone,
    ends_of,
    proofs,
    written_down,
)
from tests.e2e.demos import TOLD_TOO_EARLY, plan

BETWEEN = "controller and AWS"


class End(Enum):
    """What a fault is to come to."""

    MENDED = "SUCCEEDED"
    FAILED = "FAILED"
    BLOCKED = "FAILED, clean-up too"


@dataclass(frozen=True)
class Scenario:
    """One demo and its fault; `says` are words that its cause must have."""

    trouble: Trouble
    end: End
    says: tuple[str, ...] = ()
    fresh: bool = False
    """On a stream of its own, which goes with the demo: so it sends no records."""


def tried(
    controlled: Controlled,
    series: str,
    scenarios: Sequence[Scenario],
    seconds: Sequence[int] = (3, 3, 3, 3),
    patience: float = 120,
) -> dict[str, Summary]:
    """Run a demo for each scenario, all at once, and hold each against what it is to come to."""
    named = {f"{series}{number:02}-": scenario for number, scenario in enumerate(scenarios)}
    platform, proxy = controlled.platform, controlled.proxy
    proxy.rules(*(one.trouble.rule(CONTROLLER, name) for name, one in named.items()))
    try:
        for name, one in named.items():
            platform.api.start({"name": name, **_body(one, seconds)})
        demos = ends_of(platform, named, patience)
        fired = dict(zip(named, proxy.fired_each(), strict=True))
        _assert_cleaned_up(controlled, {n: s for n, s in named.items() if s.end is not End.BLOCKED})
    finally:
        proxy.rules()
    proven = proofs(platform, demos)
    for name, one in named.items():
        summary, logs = proven[name]
        written_down(summary, str(one.trouble), BETWEEN, fired[name])
        _judge(one, demos[name], summary, logs)
    _deleted(controlled, [name for name, one in named.items() if one.end is End.BLOCKED])
    return {name: summary for name, (summary, _) in proven.items()}


def _body(scenario: Scenario, seconds: Sequence[int]) -> dict[str, Any]:
    if scenario.fresh:
        return {**plan(tps=(IDLE_TPS,) * 4, seconds=seconds), "stream": {"mode": "fresh"}}
    return plan(tps=(500, 1_000, 2_000, 500), seconds=seconds, tasks=(1, 1, 1, 1))


def _assert_cleaned_up(controlled: Controlled, named: dict[str, Scenario]) -> None:
    assert_gone(controlled.platform, list(named))


def _judge(scenario: Scenario, demo: dict[str, Any], summary: Summary, logs: TaskLogs) -> None:
    told = f"{scenario.trouble}: {demo['status']} {demo.get('error')} {demo.get('cause')}"
    if scenario.end is End.MENDED:
        assert demo["status"] == "SUCCEEDED", told
        assert summary.delivered == summary.generated, told
    else:
        assert demo["status"] == "FAILED", told
        for word in scenario.says:
            assert word in f"{demo['error']} {demo['cause']}", told
    assert (summary.lost, summary.failed) == (0, 0), told
    assert set(logs.broken.values()) <= {TOLD_TOO_EARLY}, told


def _deleted(controlled: Controlled, names: Sequence[str]) -> None:
    """The fault is over: DELETE takes away what the workflow couldn't."""
    for name in names:
        controlled.platform.api.stop(name)
    assert_gone(controlled.platform, names)
