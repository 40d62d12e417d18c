"""The whole answer to a question, as one JSON document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ondemand.senders import Books
from ondemand.simulator import Row, simulate
from simulation import answers, price
from simulation.question import Question
from simulation.workloads import Workload

MODEL = "a model of on-demand scaling (docs/model.md), not a measurement"


@dataclass(frozen=True)
class Result:
    """A simulation that was run."""

    workload: Workload
    question: Question
    rows: tuple[Row, ...]

    def document(self) -> dict[str, Any]:
        """Everything that is told of it; counts are user records, times are seconds."""
        phases = self.workload.phases
        tasks = answers.fewest_tasks(len(phases), self.rows, self.question)
        return {
            "model": MODEL,
            "workload": self.workload.title,
            "question": asdict(self.question),
            "totals": _totals(self.rows),
            "phases": [
                {
                    "phase_number": number,
                    "target_tps": phase.target_tps,
                    "duration_seconds": phase.duration_seconds,
                    "task_count": phase.task_count,
                    "fewest_tasks": fewest,
                    **_of_phase(self.rows, number),
                }
                for number, (phase, fewest) in enumerate(zip(phases, tasks, strict=True), start=1)
            ],
            "warm_throughput_for_no_throttling": self._warming(),
            "cost": price.of(self.workload, self.rows, self.question),
            "seconds": list(_seconds(self.rows)),
        }

    def _warming(self) -> dict[str, Any]:
        """The capacity that throttles nothing, and what it would cost then."""
        warm = answers.warming(self.workload, self.question)
        if not warm.mibps:
            return asdict(warm)
        warmed = run(self.workload, replace(self.question, warm_mibps=warm.mibps))
        return {
            **asdict(warm),
            "cost": price.of(warmed.workload, warmed.rows, warmed.question),
            "commitment": price.commitment(self.question.region),
        }


def run(
    workload: Workload, question: Question, watch: Callable[[int], None] = lambda _: None
) -> Result:
    """Run the traffic against the model, until nothing of it waits any more.

    `watch` is told each hundredth second.
    """
    rows = []
    for row in simulate(workload.seconds, question.policy, question.traffic):
        rows.append(row)
        if row.second % 100 == 0:
            watch(row.second)
    return Result(workload, question, tuple(rows))


def _totals(rows: Sequence[Row]) -> dict[str, Any]:
    return {**_counts([books for row in rows for books in row.books]), **_course(rows)}


def _of_phase(rows: Sequence[Row], number: int) -> dict[str, Any]:
    """What became of a phase's own records, and how the stream stood while it lasted."""
    books = [books for row in rows for books in row.books if books.phase == number]
    return {**_counts(books), **_course([row for row in rows if row.phase == number])}


def _counts(books: Sequence[Books]) -> dict[str, Any]:
    return {
        "offered": round(sum(each.offered for each in books)),
        "delivered": round(sum(each.accepted for each in books)),
        "throttled": round(sum(each.throttled for each in books)),
        "given_up": round(sum(each.failed for each in books)),
    }


def _course(rows: Sequence[Row]) -> dict[str, Any]:
    latencies = [row.p99_seconds for row in rows if row.p99_seconds is not None]
    return {
        "worst_p99_seconds": round(max(latencies), 2) if latencies else None,
        "first_shards": rows[0].shards if rows else None,
        "last_shards": rows[-1].shards if rows else None,
    }


def _seconds(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {
            "second": row.second,
            "phase": row.phase,
            "target_tps": row.target,
            "offered": round(row.offered),
            "delivered": round(row.accepted),
            "throttled": round(row.throttled),
            "given_up": round(row.failed),
            "waiting": round(row.waiting),
            "p50_seconds": row.p50_seconds,
            "p99_seconds": row.p99_seconds,
            "shards": row.shards,
            "tasks": row.tasks,
            "tasks_sending": row.running,
        }
