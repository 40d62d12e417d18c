"""The result of a demo: `summary.json`, complaints, and the verdict. Pure.

What happened is told by two independent witnesses, the producers' ledgers and the stream as it was
read back; the verdict is good only if they agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from client import thresholds as verdicts
from client.thresholds import DONE, FAILED, STOPPED_BY_ONE, SUCCEEDED
from local.ledgers import PoolLedger, TaskLogs
from local.load import Load, limiting_factor
from local.proof import Proof, Tally, prove
from local.thresholds import proven
from local.timeline import achievement
from worker.histogram import Distribution

_NOT_TOLD = ("arrivals", "unseen")
"""The one is in timeseries.csv, the other in a complaint."""
SHORT_OF_TARGET = 0.99
"""A phase that achieved less than this share of its target fell short."""


@dataclass(frozen=True)
class PhaseResult:
    """One phase, as summary.json has it."""

    phase_number: int
    target_tps: float
    achieved_tps: float
    task_count: int
    duration_seconds: int
    seconds_to_target: float | None
    delivered: int
    throttled: int
    missed: int
    limited_by: str | None
    """What kept it from its target; None if it held it."""
    generated: int = 0
    acknowledged: int = 0
    retried: int = 0
    failed: int = 0
    latency_ms: Mapping[str, float] | None = None
    """p50, p90, p99 and max of the acknowledged records, from when each was due."""
    started_at: str | None = None
    ends_at: str | None = None


@dataclass(frozen=True)
class Summary:
    """A demo's result. Counts are records."""

    demo_id: str
    status: str
    phases: tuple[PhaseResult, ...]
    generated: int
    delivered: int
    """Found in the stream."""
    acknowledged: int
    """Of which, by the ledgers, Kinesis said so."""
    failed: int
    failed_by_cause: dict[str, int]
    lost: int | None
    """None if the stream can't tell: records had left it before they were read."""
    lost_by_producer: dict[str, int]
    duplicates: int | None
    """None likewise."""
    foreign: int
    retried: int
    throttled: int
    killed_workers: int
    broken_tasks: int
    """Tasks that ended with an error and left no ledger."""
    error: str | None
    cause: str | None
    shared_with: tuple[str, ...] = ()
    """Demos that ran meanwhile on the same stream: their traffic explains throttling, too."""
    cost: Mapping[str, Any] | None = None
    """What it would have cost on AWS: `cost` of GET /demo/<id>, an estimate and an actual."""
    read_back: bool = True
    """`delivered`, `lost`, `duplicates` and `foreign` are the stream's word, not the sender's."""
    unseen: int = 0
    """Records that left the stream before they were read; then it was not read back."""
    started_at: str | None = None
    ended_at: str | None = None
    latency_ms: Mapping[str, float] | None = None
    stream: Mapping[str, Any] | None = None
    arrivals: Mapping[int, int] = field(default_factory=dict, repr=False)
    """Records that the stream took, by Unix second."""
    thresholds: Sequence[Mapping[str, Any]] = ()
    """GET's verdicts, but what was lost is by the stream."""

    @property
    def ok(self) -> bool:
        """Whether the demo went to its end and every record of every phase is accounted for."""
        return self.status == SUCCEEDED and self.accounted_for

    @property
    def accounted_for(self) -> bool:
        """Whether that is true of all that it went to; a crossed threshold may have ended it."""
        silent = self.silent_phases and self.error != STOPPED_BY_ONE
        return not (self.lost or self.unseen or self.foreign or self.broken_tasks or silent)

    @property
    def exit_code(self) -> int:
        """0 if all is well; 99 if a threshold is crossed and nothing else is wrong; else 1."""
        return verdicts.exit_code(self.as_dict()) if self.accounted_for else FAILED

    @property
    def passed(self) -> bool:
        """Whether all is well, thresholds included."""
        return self.exit_code == DONE

    @property
    def silent_phases(self) -> list[int]:
        """Phases of which no record is in the stream."""
        if self.unseen:
            return [phase.phase_number for phase in self.phases if not phase.acknowledged]
        return [phase.phase_number for phase in self.phases if not phase.delivered]

    def as_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name not in _NOT_TOLD}

    def verdict(self) -> str:
        """The last line of the demo."""
        if self.lost is None or self.duplicates is None:
            proven = f"{self.acknowledged:,} acknowledged, how many are lost can't be told"
        else:
            proven = f"{self.delivered:,} delivered, {self.lost:,} lost, "
            proven += f"{self.duplicates:,} duplicates"
        return (
            f"demo {self.demo_id} {self.status}: {self.generated:,} generated, {proven}"
            f"{verdicts.in_short(self.as_dict())}"
        )

    def complaints(self) -> list[str]:
        """Why the verdict is not good, a sentence each."""
        lines = []
        if self.status != SUCCEEDED:
            lines.append(f"the workflow ended {self.status}: {self.error or ''} {self.cause or ''}")
        lines += self._losses()
        if self.broken_tasks:
            lines.append(f"{self.broken_tasks} task(s) ended with an error and without a ledger")
        if self.error != STOPPED_BY_ONE:
            lines += [f"phase {number} sent nothing at all" for number in self.silent_phases]
        if self.killed_workers:
            lines.append(
                f"{self.killed_workers} worker(s) were killed; what they had in memory, "
                "unacknowledged, went with them"
            )
        if self.foreign:
            lines.append(f"{self.foreign:,} records in the stream were made by nobody known")
        return lines

    def _losses(self) -> list[str]:
        lines = []
        if self.unseen:
            lines.append(
                f"{self.unseen:,} records had left the stream before they were read, so nobody can "
                "tell whether any was lost: give it more room for them (STREAM_MEMORY, MiB) or a "
                "lower target"
            )
        for producer, lost in sorted(self.lost_by_producer.items()):
            lines.append(f"{lost:,} records of producer {producer} are not in the stream")
        if self.lost and self.failed_by_cause:
            causes = ", ".join(f"{c} {n:,}" for c, n in sorted(self.failed_by_cause.items()))
            lines.append(f"the ledgers gave up {self.failed:,} records, by cause: {causes}")
        return lines


def summarize(
    demo: Mapping[str, Any],
    logs: TaskLogs,
    tally: Tally,
    loads: Mapping[int, Load | None],
) -> Summary:
    """Bring together GET /demo/<id>'s answer, the tasks' logs, the stream's tally and the load."""
    ledgers = logs.ledgers
    made = {name: n for ledger in ledgers for name, n in ledger.generated_by_producer.items()}
    proof: Proof = prove(made, tally)
    causes: dict[str, int] = {}
    for ledger in ledgers:
        for cause, number in ledger.failed_by_cause.items():
            causes[cause] = causes.get(cause, 0) + number
    return Summary(
        demo_id=demo["demoId"],
        status=demo["status"],
        phases=tuple(_phase(phase, ledgers, tally, loads) for phase in demo["phases"]),
        generated=proof.generated,
        delivered=proof.delivered,
        acknowledged=sum(ledger.delivered for ledger in ledgers),
        failed=sum(ledger.failed for ledger in ledgers),
        failed_by_cause=causes,
        lost=proof.lost,
        lost_by_producer=proof.lost_by_producer,
        duplicates=proof.duplicates,
        read_back=not proof.unseen,
        unseen=proof.unseen,
        foreign=proof.foreign,
        retried=sum(ledger.retried for ledger in ledgers),
        throttled=sum(ledger.throttled for ledger in ledgers),
        killed_workers=sum(ledger.recovered and ledger.generated > 0 for ledger in ledgers),
        broken_tasks=len(logs.broken),
        error=demo.get("error"),
        cause=demo.get("cause"),
        shared_with=tuple(demo["stream"]["shared_with"]),
        cost=demo.get("cost"),
        started_at=demo.get("startDate"),
        ended_at=demo.get("stopDate"),
        latency_ms=_latency(ledgers),
        stream=demo["stream"],
        arrivals=_by_second(tally),
        thresholds=proven(demo.get("thresholds", ()), ledgers, proof),
    )


def _phase(
    phase: Mapping[str, Any],
    ledgers: Sequence[PoolLedger],
    tally: Tally,
    loads: Mapping[int, Load | None],
) -> PhaseResult:
    number = phase["phase_number"]
    mine = [ledger for ledger in ledgers if ledger.phase == number]
    producers = tally.arrivals.get(number, {}).values()
    throttled = sum(ledger.throttled for ledger in mine)
    missed = sum(ledger.missed for ledger in mine)
    limits = Counter(ledger.limited_by for ledger in mine if ledger.limited_by)
    target = phase["target_tps"]
    start_ms = _unix_ms(phase.get("started_at"))
    end_ms = start_ms + phase["duration_seconds"] * 1000
    result = achievement(producers, target, start_ms, end_ms)
    began = phase.get("started_at") is not None
    reached = result.seconds_to_target is not None
    short = began and not (reached and result.achieved_tps >= SHORT_OF_TARGET * target)
    return PhaseResult(
        phase_number=number,
        target_tps=target,
        achieved_tps=round(result.achieved_tps, 1),
        task_count=phase["task_count"],
        duration_seconds=phase["duration_seconds"],
        seconds_to_target=(
            None if result.seconds_to_target is None else round(result.seconds_to_target, 2)
        ),
        delivered=sum(arrivals.total() for arrivals in producers),
        throttled=throttled,
        missed=missed,
        limited_by=limiting_factor(loads.get(number), throttled, missed, limits) if short else None,
        generated=sum(ledger.generated for ledger in mine),
        acknowledged=sum(ledger.delivered for ledger in mine),
        retried=sum(ledger.retried for ledger in mine),
        failed=sum(ledger.failed for ledger in mine),
        latency_ms=_latency(mine),
        started_at=phase.get("started_at"),
        ends_at=phase.get("ends_at"),
    )


def _by_second(tally: Tally) -> Mapping[int, int]:
    arrived: Counter[int] = Counter()
    for producers in tally.arrivals.values():
        for arrivals in producers.values():
            for arrived_ms, records in arrivals.items():
                arrived[arrived_ms // 1000] += records
    return dict(arrived)


def _latency(ledgers: Sequence[PoolLedger]) -> Mapping[str, float] | None:
    return Distribution.merged(ledger.latency for ledger in ledgers).summary()


def _unix_ms(moment: str | None) -> int:
    return 0 if moment is None else round(datetime.fromisoformat(moment).timestamp() * 1000)
