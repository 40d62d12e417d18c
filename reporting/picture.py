"""The story of a demo in one picture: what was offered, what the stream took, what it threw back.

Records per second on the left; open shards as steps, and tasks, on the right; the phases as bands
behind them. The same story gives the same SVG, byte for byte.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reporting.canvas import (
    COLOURS,
    Form,
    Series,
    figure,
    file,
    known,
    separate_thousands,
    settings,
    steps,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POINTS = 1_000
"""More than a picture has room for; a longer story is drawn by the means of equal spans."""

_INCHES = (11.0, 5.2)
_NARROW = 0.12
"""A phase that takes less of the width than this has its number only."""


@dataclass(frozen=True)
class Band:
    """A phase: from `begin` to `end`, seconds since the story's start."""

    number: int
    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class Story:
    """A demo, or a simulation of one, second by second. Rates are records per second."""

    title: str
    seconds: tuple[float, ...]
    """Since the start; each is the beginning of the second that its values are of."""
    offered: Series
    """Records that were made; a refused one that is sent again doesn't count again."""
    accepted: Series
    throttled: Series
    """Refusals; a record that is refused three times counts three times."""
    shards: Series
    """Open ones."""
    tasks: Series
    """Those that send."""
    phases: tuple[Band, ...] = ()
    note: str = ""
    """A line below: where the figures are from, such as that the stream is a model."""

    def __post_init__(self) -> None:
        """Raise ValueError for a series that is not as long as the seconds."""
        lengths = {name: len(getattr(self, name)) for name in SERIES}
        wrong = {name: n for name, n in lengths.items() if n != len(self.seconds)}
        if wrong:
            raise ValueError(f"{len(self.seconds)} seconds, but values of each: {wrong}")


LABELS = {
    "offered": "offered",
    "accepted": "accepted",
    "throttled": "throttled",
    "shards": "open shards (right)",
    "tasks": "tasks (right)",
}
SERIES = tuple(LABELS)


def draw(story: Story, form: Form = "svg") -> bytes:
    """The picture as a file's content: SVG, UTF-8 and with its text as text, or PNG."""
    with settings():
        drawn = figure(*_INCHES)
        rates, counts = _axes(drawn, story.title, story.note)
        shown, span = thinned(story)
        _bands(rates, story.phases, shown)
        _rates(rates, shown)
        _counts(counts, shown)
        rates.set_xlabel(_time_label(span))
        _legend(drawn, [rates, counts])
        return file(drawn, form)


def thinned(story: Story, most: int = MOST_POINTS) -> tuple[Story, int]:
    """The story with `most` points at most, each the mean of so many seconds; and how many."""
    span = max(1, math.ceil(len(story.seconds) / most))
    if span == 1:
        return story, 1
    means = {name: _means(getattr(story, name), span) for name in SERIES}
    seconds = story.seconds[::span]
    return Story(story.title, seconds, **means, phases=story.phases, note=story.note), span


def _means(values: Series, span: int) -> Series:
    parts = (values[start : start + span] for start in range(0, len(values), span))
    told = ([value for value in part if value is not None] for part in parts)
    return tuple(sum(part) / len(part) if part else None for part in told)


def _axes(drawn: Figure, title: str, note: str) -> tuple[Axes, Axes]:
    """The axis of rates, and over it that of counts."""
    from matplotlib.ticker import MaxNLocator

    rates = drawn.add_subplot()
    counts = rates.twinx()
    rates.set_title(title, loc="left", fontweight="bold", pad=22)
    rates.set_ylabel("records per second")
    counts.set_ylabel("open shards, tasks")
    counts.yaxis.set_major_locator(MaxNLocator(integer=True))
    for each in (rates, counts):
        separate_thousands(each)
    if note:
        drawn.supxlabel(note, fontsize=8, x=0.01, ha="left")
    return rates, counts


def _bands(axes: Axes, phases: Sequence[Band], story: Story) -> None:
    ends = [band.end for band in phases]
    ends += steps(story.seconds, story.offered)[0][-1:] if story.seconds else []
    whole = max(ends, default=1) or 1
    for place, band in enumerate(phases):
        if place % 2 == 0:
            axes.axvspan(
                band.begin, band.end, facecolor=COLOURS["band"], edgecolor="none", zorder=0
            )
        wide = (band.end - band.begin) / whole >= _NARROW
        axes.text(
            (band.begin + band.end) / 2,
            1.015,
            f"{band.number} {band.name}".strip() if wide else str(band.number),
            transform=axes.get_xaxis_transform(),
            ha="center",
            fontsize=9,
        )
    axes.set_xlim(0, whole)


def _rates(axes: Axes, story: Story) -> None:
    if known(story.throttled):
        seconds, values = steps(story.seconds, story.throttled)
        axes.fill_between(
            *(seconds, values),
            step="post",
            color=COLOURS["throttled"],
            alpha=0.4,
            linewidth=0,
            label=LABELS["throttled"],
        )
    _line(axes, story, "accepted", "-", 2.0)
    _line(axes, story, "offered", "--", 1.2)
    axes.set_ylim(bottom=0)


def _counts(axes: Axes, story: Story) -> None:
    _line(axes, story, "shards", "-", 1.6)
    _line(axes, story, "tasks", ":", 1.6)
    axes.set_ylim(bottom=0)
    if not (known(story.shards) or known(story.tasks)):
        axes.yaxis.set_visible(False)


def _line(axes: Axes, story: Story, name: str, dashes: str, width: float) -> None:
    if known(getattr(story, name)):
        axes.step(
            *(*steps(story.seconds, getattr(story, name)), dashes),
            where="post",
            color=COLOURS[name],
            linewidth=width,
            label=LABELS[name],
        )


def _legend(drawn: Figure, axes: Sequence[Axes]) -> None:
    pairs = [zip(*each.get_legend_handles_labels(), strict=True) for each in axes]
    found = {str(label): handle for each in pairs for handle, label in each}
    labels = [label for label in LABELS.values() if label in found]
    if labels:
        handles = [found[label] for label in labels]
        drawn.legend(handles, labels, loc="outside upper right", ncols=len(labels), fontsize=9)


def _time_label(span: int) -> str:
    return "seconds since the start" + (f" (a point is the mean of {span:,} s)" if span > 1 else "")
