"""Draws the costs as bars, and memory as lines, into one SVG. Pure, and no library's work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.contenders import Role
from bench.costs import Cost
from bench.holds import Hold, NotHeld
from bench.plan import SAMPLES_WAY_MICROS
from bench.results import Results

WIDTH = 860
LEFT = 300
RIGHT = 90
BAR = 22
GAP = 6
TITLE = 34
LINES_HEIGHT = 200
MARGIN = 24
_COLOURS = {Role.OURS: "#0b6e4f", Role.PEER: "#7a8594", Role.CEILING: "#c9ced6"}
_STATED = "#d9a441"
_LINE_COLOURS = ("#0b6e4f", "#b3412e")
_FONT = "font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\""


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its value and its colour."""

    label: str
    value: float
    colour: str


@dataclass(frozen=True)
class Line:
    """One line: its label and its points."""

    label: str
    points: Sequence[tuple[float, float]]


def svg(results: Results) -> str | None:
    """The picture; None if nothing was found that it shows."""
    bars = _bars(results.costs)
    lines = _lines(results.holds)
    if not bars and not lines:
        return None
    parts = []
    height = MARGIN
    if bars:
        parts.append(draw_bars(bars, height))
        height += TITLE + len(bars) * (BAR + GAP) + MARGIN
    if lines:
        parts.append(draw_lines(lines, height))
        height += TITLE + LINES_HEIGHT + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" {_FONT} font-size="13" fill="#222">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _bars(costs: list[Cost]) -> list[Bar]:
    """One process, HTTP, 300 bytes: cheapest first."""
    shown = [
        Bar(c.contender.name, c.micros, _COLOURS[c.contender.role])
        for c in costs
        if c.runs
        and (c.contender.post_bytes, c.contender.processes) == (300, 1)
        and not c.contender.behaviour.tls
    ]
    if not shown:
        return []
    stated = Bar("AWS sample (stated, not measured)", SAMPLES_WAY_MICROS, _STATED)
    return sorted([*shown, stated], key=lambda bar: bar.value)


def _lines(holds: dict[str, Hold | NotHeld]) -> list[Line]:
    chosen = [holds[key] for key in ("sustained", "refused") if key in holds]
    return [
        Line(h.order.title, [(second, rss / 1e6) for second, rss in h.memory()])
        for h in chosen
        if isinstance(h, Hold)
    ]


def draw_bars(bars: Sequence[Bar], top: int) -> str:
    """Bars on a logarithmic scale: the costs differ by a factor of a thousand."""
    least = 10 ** math.floor(math.log10(min(bar.value for bar in bars)))
    most = max(bar.value for bar in bars)
    scale = (WIDTH - LEFT - RIGHT) / max(0.1, math.log10(most / least))
    parts = [
        _text(
            MARGIN,
            top + 14,
            "CPU µs a record, 300 bytes, HTTP, one process (logarithmic; shorter is better)",
            weight="bold",
        )
    ]
    for number, bar in enumerate(bars):
        y = top + TITLE + number * (BAR + GAP)
        width = max(1.0, math.log10(bar.value / least) * scale)
        parts += [
            _text(LEFT - 8, y + 15, bar.label, anchor="end"),
            f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{bar.colour}"/>',
            _text(LEFT + width + 6, y + 15, f"{bar.value:.2f}"),
        ]
    return "\n".join(parts)


def draw_lines(lines: Sequence[Line], top: int) -> str:
    """Lines over seconds, megabytes from 0."""
    last = max(max(x for x, _ in line.points) for line in lines) or 1.0
    most = max(max(y for _, y in line.points) for line in lines) * 1.15
    bottom = top + TITLE + LINES_HEIGHT
    across = (WIDTH - 2 * MARGIN - RIGHT) / last
    up = LINES_HEIGHT / most
    left = MARGIN + 40
    parts = [
        _text(MARGIN, top + 14, "Resident memory of the producer, MB, over seconds", weight="bold"),
        f'<path d="M{left},{top + TITLE} V{bottom} H{WIDTH - MARGIN}" stroke="#999" fill="none"/>',
        _text(left - 6, bottom, "0", anchor="end"),
        _text(left - 6, top + TITLE + 10, f"{most:.0f}", anchor="end"),
        _text(left, bottom + 18, "0"),
        _text(left + last * across, bottom + 18, f"{last:.0f} s", anchor="end"),
    ]
    for number, line in enumerate(lines):
        colour = _LINE_COLOURS[number % len(_LINE_COLOURS)]
        points = " ".join(f"{left + x * across:.1f},{bottom - y * up:.1f}" for x, y in line.points)
        parts += [
            f'<polyline points="{points}" stroke="{colour}" stroke-width="2" fill="none"/>',
            _text(left + 10, bottom - 12 - 18 * number, line.label, fill=colour),
        ]
    return "\n".join(parts)


def _text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    weight: str = "normal",
    fill: str = "#222",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{fill}">{escape(words)}</text>'
    )
