"""The result of a demo as a table for the terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from client import thresholds as verdicts
from client.tables import aligned
from local.summary import Summary


def table(summary: Summary) -> list[str]:
    """The phases as lines of text, one each, under a heading."""
    head = ("phase", "target/s", "achieved/s", "tasks", "to target", "delivered", "throttled")
    rows = [
        (
            str(p.phase_number),
            f"{p.target_tps:,g}",
            f"{p.achieved_tps:,.1f}",
            f"{p.task_count:,}",
            "never" if p.seconds_to_target is None else f"{p.seconds_to_target:.2f} s",
            f"{p.delivered:,}",
            f"{p.throttled:,}",
        )
        for p in summary.phases
    ]
    shortfalls = [
        f"phase {p.phase_number} fell short of {p.target_tps:,g}/s "
        f"by {1 - p.achieved_tps / p.target_tps:.1%}: {p.limited_by}"
        for p in summary.phases
        if p.limited_by is not None
    ]
    shared = [f"shared its stream with {', '.join(summary.shared_with)}"]
    found = [*shortfalls, *(shared if summary.shared_with else [])]
    judged = verdicts.lines(summary.as_dict())
    return [*aligned([head, *rows]), *found, *_cost_lines(summary.cost), *judged]


def _cost_lines(cost: Mapping[str, Any] | None) -> list[str]:
    """What the demo would have cost on AWS, in a line; none if it is not known."""
    spent = cost and cost["actual"]
    if not spent:
        return []
    dearest = max(spent["lines"], key=lambda line: line["amount"])
    return [
        f"on AWS it would have cost about ${spent['total']:.2f} (list prices of {spent['region']} "
        f"as of {spent['prices_as_of']}), ${dearest['amount']:.2f} of it {dearest['item']}"
    ]
