"""What a demo costs, in lines for a terminal. Pure.

The API does the sums; it says when its prices were read, and for which region they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from client.tables import aligned

Cost = Mapping[str, Any]


def totals(answer: Mapping[str, Any]) -> list[str]:
    """The sums in an API's answer, a line each: none, what it will cost, what it has cost."""
    return [
        f"{kind} cost: {cost['total']:,.4f} {cost['currency']} "
        f"(list prices of {cost['region']} as of {cost['prices_as_of']})"
        for kind, cost in _costs(answer)
    ]


def lines(answer: Mapping[str, Any]) -> list[str]:
    """The sums, and the last of them line by line."""
    costs = _costs(answer)
    if not costs:
        return []
    kind, cost = costs[-1]
    standing = cost.get("standing")
    hourly = ["whether or not a demo runs, an hour:", *_items(standing)] if standing else []
    note = [f"  {cost['note']}"] if cost.get("note") else []
    return [*totals(answer), f"the {kind} cost in detail:", *_items(cost["lines"]), *note, *hourly]


def _costs(answer: Mapping[str, Any]) -> list[tuple[str, Cost]]:
    """POST answers an estimate; GET an estimate and an actual, of which either may be null."""
    cost = answer.get("cost") or {}
    estimate = cost if "lines" in cost else cost.get("estimate")
    found = {"estimated": estimate, "actual": cost.get("actual")}
    return [(kind, one) for kind, one in found.items() if one]


def _items(items: Sequence[Cost]) -> list[str]:
    rows = [
        (
            f"  {item['item']}",
            f"{item['quantity']:,.4g}" if item["quantity"] < 1000 else f"{item['quantity']:,.0f}",
            item["unit"],
            f"× {item['price']:g}",
            f"{item['amount']:,.4f}",
            item.get("note") or "",
        )
        for item in items
    ]
    return aligned(rows, left=(0, 2, 5)) if rows else []
