"""What would do better: the least capacity that throttles nothing, the fewest tasks. Pure.

Both are found by running the same traffic again. What is throttled at a capacity is throttled at
every smaller one, so a search by halves finds the least.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.cost import DEFAULT_WORKERS
from ondemand.policy import MIB
from ondemand.simulator import Row, simulate
from simulation.question import Question
from simulation.workloads import Workload

CPU_SECONDS_PER_RECORD = 4.3e-6
"""Of a task, for every record that it sends, again or not: measured (docs/benchmarks.md)."""
CPU_SECONDS_PER_AGGREGATED_RECORD = 2.9e-6
"""The same, aggregated."""
BUSY = 0.5
"""How much of its CPU a task may use on a machine half as fast as the one that was measured."""
_A_RECORD = 0.5


@dataclass(frozen=True)
class Warming:
    """The warm throughput with which nothing is throttled."""

    mibps: int | None
    """MiB/s; 0: it is not needed; None: no warm throughput that can be had is enough."""
    why_not: str | None = None


def throttles(workload: Workload, question: Question) -> bool:
    """Whether anything is refused; stops at the first second in which it is."""
    rows = simulate(workload.seconds, question.policy, question.traffic, drain=False)
    return any(row.throttled >= _A_RECORD for row in rows)


def warming(workload: Workload, question: Question) -> Warming:
    """The least warm throughput, from before the first record on, that throttles nothing."""
    most = question.most_shards * question.policy.shard_bytes // MIB
    if not throttles(workload, replace(question, warm_mibps=0)):
        return Warming(0)
    if throttles(workload, replace(question, warm_mibps=most)):
        return Warming(None, _why_not(workload, question, most))
    least, enough = 0, most
    while enough - least > 1:
        middle = (least + enough) // 2
        if throttles(workload, replace(question, warm_mibps=middle)):
            least = middle
        else:
            enough = middle
    return Warming(enough)


def _why_not(workload: Workload, question: Question, most: int) -> str:
    peak = max(second.offered for second in workload.seconds)
    a_key = max(question.hot_share, (1 - question.hot_share) / (question.keys or math.inf))
    shard = question.policy.shard_records
    if a_key * peak > shard and not question.aggregated:
        return (
            f"one partition key has up to {a_key * peak:,.0f} records/s, and a shard takes "
            f"{shard:,}: spread the records over more keys"
        )
    return f"{most:,} MiB/s, the most in {question.region}, don't do; records over more keys might"


def fewest_tasks(phases: int, rows: Sequence[Row], question: Question) -> tuple[int, ...]:
    """By phase: the tasks that have the CPU for what is sent in its busiest second.

    What is refused is sent again, so throttling takes tasks, too.
    """
    each = CPU_SECONDS_PER_AGGREGATED_RECORD if question.aggregated else CPU_SECONDS_PER_RECORD
    capacity = DEFAULT_WORKERS.vcpu * BUSY / each
    return tuple(
        max(1, math.ceil(_busiest(rows, number) / capacity)) for number in range(1, phases + 1)
    )


def _busiest(rows: Sequence[Row], phase: int) -> float:
    mine = (books for row in rows for books in row.books if books.phase == phase)
    return max((books.accepted + books.throttled for books in mine), default=0.0)
