"""`make costs`: what the default plan costs on AWS, line by line, and what a stack costs idle.

It prints the tables of docs/costs.md, which a test compares; prices are those of prices.json.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from chalicelib import cost, definition, prices
from chalicelib.cost import DEFAULT_WORKERS, Estimate, Line, Stack
from chalicelib.plan import DEFAULT_PER_TASK_CAPACITY
from chalicelib.prices import FALLBACK_REGION, Item, Prices
from chalicelib.usage import HOURS_PER_MONTH, Workers


def plan_cost(
    region: str, workers: Workers = DEFAULT_WORKERS, *, fresh_stream: bool = False
) -> Estimate:
    """The estimate of the plan in statemachine.json."""
    phases = definition.default_phases(DEFAULT_PER_TASK_CAPACITY)
    return cost.estimate(phases, region=region, workers=workers, fresh_stream=fresh_stream)


def page(region: str) -> list[str]:
    """All tables as lines of Markdown."""
    plan = plan_cost(region)
    return [
        "### The default plan, line by line",
        "",
        *_table(("item", "quantity", "unit", "USD a unit", "USD", ""), _rows(plan.lines)),
        "",
        f"Total: {plan.total:.2f} USD. Oldest price: {plan.prices_as_of}.",
        "",
        "### The default plan, otherwise",
        "",
        *_table(("how", "Kinesis data in", "Fargate, addresses", "all"), _variants(region)),
        "",
        "### Idle, a month",
        "",
        *_table(("item", "USD a month", ""), _idle(region)),
        "",
        "### Prices",
        "",
        *_table(("item", "USD", "per", "as of", "checked", "source"), _prices(region)),
    ]


def _rows(lines: Iterable[Line]) -> Iterator[Sequence[str]]:
    for line in lines:
        yield (
            line.item,
            f"{line.quantity:,.6g}",
            line.price.unit,
            _plain(line.price.value),
            f"{line.amount:.4f}",
            line.note or "",
        )


def _variants(region: str) -> Iterator[Sequence[str]]:
    together = replace(DEFAULT_WORKERS, aggregation=True)
    yield _variant("as above", plan_cost(region))
    yield _variant(
        "on ARM (`Architecture=ARM64`)", plan_cost(region, replace(DEFAULT_WORKERS, arm=True))
    )
    yield _variant("`AGGREGATION=on`", plan_cost(region, together))
    yield _variant("a fresh stream", plan_cost(region, fresh_stream=True))


def _variant(name: str, found: Estimate) -> Sequence[str]:
    amounts = {line.item: line.amount for line in found.lines}
    tasks = sum(amounts[name] for name in ("Fargate CPU", "Fargate memory", "Public IPv4"))
    return name, f"{amounts['Kinesis data in']:.4f}", f"{tasks:.4f}", f"{found.total:.2f}"


def _idle(region: str) -> Iterator[Sequence[str]]:
    lines = cost.standing(region)
    for line in lines:
        yield line.item, _month([line]), line.note or ""
    yield "together", _month(lines), ""
    yield "together, `Monitoring=off`", _month(cost.standing(region, Stack(monitoring=False))), ""
    bare = cost.standing(region, Stack(kept_stream=False, monitoring=False))
    note = "every demo then has a fresh stream"
    yield "together, `KeptStream=no` as well", _month(bare), note
    commitment = cost.commitment_price(region)
    note = f"only if you enable it; {commitment.per_day:.2f} a day; {commitment.note}"
    yield "On-demand Advantage, for warm throughput", f"{commitment.per_month:.2f}", note


def _month(lines: Iterable[Line]) -> str:
    return f"{sum(line.amount for line in lines) * HOURS_PER_MONTH:.2f}"


def _prices(region: str) -> Iterator[Sequence[str]]:
    at: Prices = prices.in_region(region)
    for item in Item:
        price = at.of(item)
        checked = "yes" if price.checked else "no"
        name = item.replace("_", " ")
        yield name, _plain(price.value), price.unit, price.as_of, checked, f"<{price.source}>"


def _plain(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make costs", description=__doc__)
    parser.add_argument("--region", default=FALLBACK_REGION)
    print("\n".join(page(parser.parse_args().region)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
