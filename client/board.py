"""A demo on a terminal: a curve of what it achieves, and a table of its phases. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from client.series import Number, Series, highest
from client.show import number, progress_line
from client.tables import aligned
from reporting.seconds import NAMES, unix

_BARS = "▁▂▃▄▅▆▇█"
_NONE = "–"
_P99 = "latency_p99_ms"


def board(demo: Mapping[str, Any], series: Series, now: datetime, width: int) -> list[str]:
    """The demo as it stands, in lines of at most `width` characters as far as it can be."""
    label = "achieved  "
    curve = sparkline(series.of("delivered"), width - len(label))
    shards = demo["stream"]["open_shards"]
    cost = (demo.get("cost") or {}).get("actual")
    span = "so far" if demo["status"] == "RUNNING" else "in all"
    facts = [
        f"{demo['records']['delivered']:,} delivered",
        f"{demo['records']['failed']:,} given up",
        f"{_NONE if shards is None else f'{shards:,}'} open shards",
        *([f"{cost['total']:,.4f} {cost['currency']} {span}"] if cost else []),
    ]
    return [
        f"demo {demo['demoId']} {demo['status']}",
        progress_line(demo, now),
        label + curve,
        ", ".join(facts),
        *_table(demo, series),
    ]


def sparkline(column: Sequence[Number], width: int) -> str:
    """A column as bars from nothing to its highest number; neighbours share a bar if need be."""
    step = max(1, -(-len(column) // max(1, width)))
    groups = [column[begin : begin + step] for begin in range(0, len(column), step)]
    means = [_mean([number for number in group if number is not None]) for group in groups]
    top = highest(means) or 1
    return "".join(
        " " if mean is None else _BARS[min(len(_BARS) - 1, int(mean / top * len(_BARS)))]
        for mean in means
    )


def _table(demo: Mapping[str, Any], series: Series) -> list[str]:
    head = ("phase", "target/s", "achieved/s", "tasks", "throttled", "worst p99 ms")
    return aligned([head, *(_row(phase, demo, series) for phase in demo["phases"])], left=(0,))


def _row(phase: Mapping[str, Any], demo: Mapping[str, Any], series: Series) -> tuple[str, ...]:
    ordinal, tasks = phase["phase_number"], demo["tasks"]
    now = ordinal == demo["currentPhase"]
    achieved, worst = phase.get("achieved_tps"), _worst(phase, series)
    return (
        f"{'▸' if now else ' '} {ordinal} {NAMES[ordinal]}",
        number(phase["target_tps"]),
        _NONE if achieved is None else f"{achieved:,.1f}",
        f"{tasks['running']:,}/{tasks['desired']:,}" if now else f"{phase['task_count']:,}",
        f"{phase['records']['throttled']:,}",
        _NONE if worst is None else f"{worst:,.0f}",
    )


def _worst(phase: Mapping[str, Any], series: Series) -> Number:
    """The highest 99th percentile of a second: those of seconds don't add up to the phase's."""
    if not phase.get("started_at"):
        return None
    begin, end = (unix(phase[at]) for at in ("started_at", "ends_at"))
    return highest(series.of(_P99, begin, end))


def _mean(numbers: Sequence[float]) -> Number:
    return sum(numbers) / len(numbers) if numbers else None
