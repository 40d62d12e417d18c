"""A soak's result for a person: a table, and a folder with what it is made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from client.tables import aligned
from local.summary import Summary
from reporting.canvas import figure, file, separate_thousands, settings
from tests.soak.judging import (
    CONFIDENCE,
    LEAST_CPU,
    MIB,
    MOST_CPU,
    MOST_DRIFT,
    MOST_GROWTH,
    MOST_MORE,
    Change,
    Life,
    Verdict,
)
from tests.soak.samples import Sample

_HEAD = (
    "process",
    "number",
    "MiB",
    "MiB an hour",
    "at most",
    "descriptors",
    "threads",
    "CPU µs a record",
)


def lines(summary: Summary, verdict: Verdict) -> list[str]:
    """The table, a row a role: of several processes the one that did worst, their CPU together."""
    by_role = sorted(verdict.lives, key=lambda life: life.role)
    rows = [_row(role, list(lives), verdict) for role, lives in groupby(by_role, lambda s: s.role)]
    worst = max(verdict.drifts, key=abs)
    lost, twice = ("?" if n is None else f"{n:,}" for n in (summary.lost, summary.duplicates))
    return [
        "",
        *aligned([_HEAD, *rows], left=(0,)),
        f"bounds: {MOST_GROWTH:g} MiB an hour at most ({CONFIDENCE:.0%} confidence), "
        f"{MOST_MORE} descriptor or thread more; CPU {MOST_CPU:g} times the beginning's, "
        f"from {LEAST_CPU:g} µs on",
        f"pace: {worst:+.3f} s of records from the target at the worst minute's end "
        f"of {len(verdict.drifts)}; the bound is {MOST_DRIFT:g} s",
        f"{summary.generated:,} generated, {summary.delivered:,} found in the stream, "
        f"{lost} lost, {twice} twice, {summary.throttled:,} refusals",
    ]


def write(folder: Path, samples: Sequence[Sample], summary: Summary, verdict: Verdict) -> None:
    """soak.json and memory.svg, beside the samples.csv that is there already."""
    document = {"verdict": asdict(verdict), "demo": summary.as_dict()}
    (folder / "soak.json").write_text(json.dumps(document, indent=1, default=str) + "\n")
    (folder / "memory.svg").write_bytes(picture(samples))


def picture(samples: Sequence[Sample]) -> bytes:
    """The memory of all processes over time, as SVG. Raises LibraryMissing."""
    began = min(sample.at for sample in samples)
    with settings():
        drawn = figure(10, 5)
        axes = drawn.add_subplot()
        for pid, group in groupby(sorted(samples, key=lambda s: (s.pid, s.at)), lambda s: s.pid):
            life = list(group)
            minutes = [(sample.at - began) / 60 for sample in life]
            axes.plot(minutes, [s.memory / MIB for s in life], label=f"{life[0].role} {pid}")
        axes.set_xlabel("minutes")
        axes.set_ylabel("MiB resident")
        axes.set_ylim(bottom=0)
        separate_thousands(axes)
        drawn.legend(loc="outside right upper", fontsize=8)
        return file(drawn, "svg")


def _row(role: str, lives: list[Life], verdict: Verdict) -> tuple[str, ...]:
    worst = max(lives, key=lambda life: life.growth.high)
    cpu = verdict.cpu[role]
    return (
        role,
        f"{len(lives):,}",
        f"{max(life.memory for life in lives):,.1f}",
        f"{worst.growth.slope:+,.1f}",
        f"{worst.growth.high:,.1f}",
        _fromto([life.descriptors for life in lives]),
        _fromto([life.threads for life in lives]),
        f"{cpu.first:,.2f} → {cpu.last:,.2f}",
    )


def _fromto(changes: list[Change]) -> str:
    first, last = max(c.first for c in changes), max(c.last for c in changes)
    return f"{first:,.0f}" if first == last else f"{first:,.0f} → {last:,.0f}"
