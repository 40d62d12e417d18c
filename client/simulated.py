"""A simulation's answer in lines for a terminal. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from client import cost
from client.tables import aligned

LINES = 40
_HEAD = (
    *("second", "phase", "target/s", "offered/s", "delivered/s", "throttled/s", "given up/s"),
    *("waiting", "p99", "shards", "tasks"),
)
_DASH = "–"

Document = Mapping[str, Any]


def told(answer: Document, every: int | None) -> list[str]:
    """All of it: the course, the sums, what would do better, the cost."""
    span = every or math.ceil(len(answer["seconds"]) / LINES)
    return [
        f"{answer['workload']}: {answer['model']}",
        "",
        *aligned([_HEAD, *_course(answer["seconds"], max(1, span))]),
        "",
        *_phases(answer["phases"]),
        *_sums(answer["totals"]),
        *_better(answer),
        *cost.lines({"cost": answer["cost"]}),
    ]


def _course(seconds: Sequence[Document], span: int) -> Iterator[Sequence[str]]:
    """A row for each so many seconds: rates are means, the rest stands at the end."""
    for start in range(0, len(seconds), span):
        part = seconds[start : start + span]
        last = part[-1]
        sums = ("offered", "delivered", "throttled", "given_up")
        rates = [f"{sum(second[name] for second in part) / len(part):,.0f}" for name in sums]
        latencies = [s["p99_seconds"] for s in part if s["p99_seconds"] is not None]
        yield (
            f"{part[0]['second']:,}",
            str(last["phase"]),
            f"{last['target_tps']:,.0f}",
            *rates,
            f"{last['waiting']:,}",
            f"{max(latencies):.2f} s" if latencies else _DASH,
            f"{last['shards']:,}",
            f"{last['tasks_sending']:,}/{last['tasks']:,}" if last["tasks"] else _DASH,
        )


def _phases(phases: Sequence[Document]) -> list[str]:
    if not phases:
        return []
    head = ("phase", "target/s", "offered", "delivered", "throttled", "given up", "shards")
    rows = [
        (
            str(phase["phase_number"]),
            f"{phase['target_tps']:,.0f}",
            *(f"{phase[name]:,}" for name in ("offered", "delivered", "throttled", "given_up")),
            f"{phase['first_shards']:,} → {phase['last_shards']:,}",
            f"{phase['task_count']:,}",
            f"{phase['fewest_tasks']:,}",
        )
        for phase in phases
    ]
    return [*aligned([(*head, "tasks", "fewest"), *rows]), ""]


def _sums(totals: Document) -> list[str]:
    offered = totals["offered"]
    share = f" ({totals['delivered'] / offered:.1%})" if offered else ""
    return [
        f"of {offered:,} records {totals['delivered']:,} are delivered{share}, "
        f"{totals['given_up']:,} given up after their time to live; {totals['throttled']:,} "
        f"refusals; the shards go from {totals['first_shards']:,} to {totals['last_shards']:,}"
    ]


def _better(answer: Document) -> Iterator[str]:
    warm = answer["warm_throughput_for_no_throttling"]
    if warm["mibps"] is None:
        yield f"no warm throughput keeps it from throttling: {warm['why_not']}"
    elif warm["mibps"] == 0:
        yield "a fresh stream takes it without throttling: nothing needs to be warmed"
    else:
        price, commitment = warm["cost"], warm["commitment"]
        yield (
            f"with {warm['mibps']:,} MiB/s of warm throughput nothing is throttled: it then costs "
            f"{price['total']:,.4f} {price['currency']}, and the commitment that it needs "
            f"{commitment['per_day']:,.2f} a day at the least"
        )
