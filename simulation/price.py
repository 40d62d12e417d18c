"""What the simulated traffic costs, by the API's own reckoning (chalicelib.cost). Pure.

A demo is priced as the API would price one that went so; traffic that others make, by what the
stream takes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from chalicelib import cost
from chalicelib.cost import DEFAULT_WORKERS, Estimate
from chalicelib.usage import DemoUse, PhaseUse, Workers
from ondemand.simulator import Row
from simulation.question import Question
from simulation.workloads import Workload


def of(workload: Workload, rows: Sequence[Row], question: Question) -> dict[str, Any]:
    """The cost as the API answers it. Warm throughput needs the account's commitment."""
    workers = replace(
        DEFAULT_WORKERS, aggregation=question.aggregated, post_bytes=question.record_bytes
    )
    advantage = question.warm_mibps > 0
    if workload.phases:
        found = cost.actual(
            _use(workload, rows), region=question.region, workers=workers, advantage=advantage
        )
    else:
        found = _stream_alone(rows, workers, question.region, advantage=advantage)
    return cost.to_json(found) if found else {}


def commitment(region: str) -> dict[str, Any]:
    """What the account pays for being able to warm streams at all, USD."""
    return asdict(cost.commitment_price(region))


def _use(workload: Workload, rows: Sequence[Row]) -> DemoUse:
    taken: dict[int, float] = {}
    for books in (books for row in rows for books in row.books):
        taken[books.phase] = taken.get(books.phase, 0.0) + books.accepted
    phases = (
        PhaseUse(phase.task_count, phase.duration_seconds, taken.get(number, 0.0))
        for number, phase in enumerate(workload.phases, start=1)
    )
    return DemoUse(tuple(phases), fresh_stream=False)


def _stream_alone(
    rows: Sequence[Row], workers: Workers, region: str, *, advantage: bool
) -> Estimate:
    taken = sum(row.accepted for row in rows)
    use = DemoUse((PhaseUse(1, len(rows), taken),), fresh_stream=True)
    return cost.of_stream(use, region=region, workers=workers, advantage=advantage)
