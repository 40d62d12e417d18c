"""Section *costs*: CPU time per record of every contender, interleaved rounds, medians.

A round runs every contender once, so that what else the machine does meets all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from bench.contenders import Contender, Role, all_contenders
from bench.errors import BenchError, ContenderFailed
from bench.run import Run, Schedule, Workbench

Say = Callable[[str], None]


@dataclass(frozen=True)
class Effort:
    """How thoroughly to measure."""

    rounds: int
    window_seconds: float
    warm_up_seconds: float
    sizes: tuple[int, ...]


@dataclass
class Cost:
    """What one contender's records cost, over all rounds."""

    contender: Contender
    runs: list[Run] = field(default_factory=list)
    failure: str | None = None
    """Why it could not be measured; it is not tried again then."""

    @property
    def micros(self) -> float:
        """CPU microseconds a record, the rounds' median."""
        return median(run.micros_per_record for run in self.runs)

    @property
    def extremes(self) -> tuple[float, float]:
        """The cheapest and the dearest round."""
        found = [run.micros_per_record for run in self.runs]
        return min(found), max(found)

    @property
    def records_per_cpu_second(self) -> float:
        return 1e6 / self.micros

    @property
    def records_per_second(self) -> float:
        return median(run.records_per_second for run in self.runs)

    @property
    def sink_share(self) -> float:
        return median(run.sink_share for run in self.runs)

    @property
    def bytes_per_record(self) -> float:
        """Of request bodies."""
        return median(run.sink.bytes_per_record for run in self.runs)


def measure_costs(bench: Workbench, effort: Effort, say: Say) -> list[Cost]:
    """Measure everyone; who fails has a `failure` and no runs."""
    costs = [Cost(contender) for contender in all_contenders(effort.sizes)]
    schedule = Schedule(effort.window_seconds, warm_up=effort.warm_up_seconds)
    for number in range(1, effort.rounds + 1):
        for cost in costs:
            if cost.failure is None:
                _measure(bench, cost, schedule)
                say(f"costs {number}/{effort.rounds}  {_news(cost)}")
    return costs


def _measure(bench: Workbench, cost: Cost, schedule: Schedule) -> None:
    try:
        run = bench.run(cost.contender, schedule)
        if not run.records:
            raise ContenderFailed(f"nothing came in {run.seconds:.1f} s")
        cost.runs.append(run)
    except BenchError as error:
        cost.failure = str(error)
        cost.runs.clear()


def _news(cost: Cost) -> str:
    if cost.failure is not None:
        return f"{cost.contender.label}: failed: {cost.failure}"
    run = cost.runs[-1]
    return (
        f"{cost.contender.label:<44} {run.micros_per_record:8.2f} µs a record "
        f"{run.records_per_second:9,.0f}/s, sink at {run.sink_share:.0%}"
    )


def find(
    costs: list[Cost],
    *,
    name: str | None = None,
    role: Role | None = None,
    post_bytes: int = 300,
    tls: bool = False,
    aggregated: bool = False,
    processes: int = 1,
) -> Cost | None:
    """The one cost of that kind that was measured; None if it failed or was left out."""
    for cost in costs:
        who = cost.contender
        if (
            cost.runs
            and name in (None, who.name)
            and role in (None, who.role)
            and (who.post_bytes, who.behaviour.tls) == (post_bytes, tls)
            and (who.aggregated, who.processes) == (aggregated, processes)
        ):
            return cost
    return None
