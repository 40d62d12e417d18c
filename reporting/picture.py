"""The story of a demo in one picture: what was offered, what the stream took, what it threw back.

Records per second on the left; open shards as steps, and tasks, on the right; the phases as bands
behind them. The same story gives the same SVG, byte for byte. Lines differ by dash and width as
well as by colour, and the colours are Okabe and Ito's (jfly.uni-koeln.de/color), which the
colour-blind can tell apart.

matplotlib is imported when something is drawn: who only wants the data doesn't wait for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Form = Literal["svg", "png"]
Series = tuple[float | None, ...]
"""A value for each of a story's seconds; None where nothing is known."""

COLOURS = {
    "ink": "#333333",
    "band": "#f0f0f0",
    "paper": "#ffffff",
    "offered": "#767676",
    "accepted": "#0072b2",
    "throttled": "#d55e00",
    "shards": "#009e73",
    "tasks": "#cc79a7",
}
"""All that a picture is drawn with, by what it is for."""

MOST_POINTS = 2_000
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
    with _settings():
        figure = _figure()
        rates, counts = _axes(figure, story.title, story.note)
        shown, span = thinned(story)
        _bands(rates, story.phases, shown)
        _rates(rates, shown)
        _counts(counts, shown)
        rates.set_xlabel(_time_label(span))
        _legend(figure, [rates, counts])
        return _file(figure, form)


def thinned(story: Story, most: int = MOST_POINTS) -> tuple[Story, int]:
    """The story with `most` points at most, each the mean of so many seconds; and how many."""
    span = max(1, math.ceil(len(story.seconds) / most))
    if span == 1:
        return story, 1
    means = {name: _means(getattr(story, name), span) for name in SERIES}
    seconds = story.seconds[::span]
    return Story(story.title, seconds, **means, phases=story.phases, note=story.note), span


def known(values: Series) -> bool:
    """Whether anything is known of a series."""
    return any(value is not None for value in values)


def _means(values: Series, span: int) -> Series:
    parts = (values[start : start + span] for start in range(0, len(values), span))
    told = ([value for value in part if value is not None] for part in parts)
    return tuple(sum(part) / len(part) if part else None for part in told)


@contextmanager
def _settings() -> Iterator[None]:
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "svg.hashsalt": "kinesis-demo",
                "svg.fonttype": "none",
                "font.size": 10,
                "text.color": COLOURS["ink"],
                "axes.labelcolor": COLOURS["ink"],
                "axes.edgecolor": COLOURS["ink"],
                "xtick.color": COLOURS["ink"],
                "ytick.color": COLOURS["ink"],
                "figure.facecolor": COLOURS["paper"],
                "axes.facecolor": COLOURS["paper"],
                "legend.frameon": False,
            }
        )
        yield


def _figure() -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=_INCHES, layout="constrained")


def _axes(figure: Figure, title: str, note: str) -> tuple[Axes, Axes]:
    """The axis of rates, and over it that of counts."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    rates = figure.add_subplot()
    counts = rates.twinx()
    rates.set_title(title, loc="left", fontweight="bold", pad=22)
    rates.set_ylabel("records per second")
    counts.set_ylabel("open shards, tasks")
    counts.yaxis.set_major_locator(MaxNLocator(integer=True))
    separated = FuncFormatter(lambda value, _: f"{value:,.10g}")
    for axis in (rates.yaxis, counts.yaxis, rates.xaxis):
        axis.set_major_formatter(separated)
    for each in (rates, counts):
        each.spines["top"].set_visible(False)
    if note:
        figure.supxlabel(note, fontsize=8, x=0.01, ha="left")
    return rates, counts


def _bands(axes: Axes, phases: Sequence[Band], story: Story) -> None:
    ends = [*(band.end for band in phases), *(story.seconds[-1:])]
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
        seconds, values = _steps(story, "throttled")
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


def _line(axes: Axes, story: Story, name: str, dashes: str, width: float) -> None:
    if known(getattr(story, name)):
        axes.step(
            *(*_steps(story, name), dashes),
            where="post",
            color=COLOURS[name],
            linewidth=width,
            label=LABELS[name],
        )


def _steps(story: Story, name: str) -> tuple[list[float], list[float]]:
    """Seconds and values; the last value once more, since it holds for a while as the others do.

    What is not known is not a number, where matplotlib leaves a gap.
    """
    seconds = [*story.seconds]
    values = [math.nan if v is None else float(v) for v in getattr(story, name)]
    lasts = seconds[-1] - seconds[-2] if len(seconds) > 1 else 1
    return [*seconds, seconds[-1] + lasts], [*values, values[-1]]


def _legend(figure: Figure, axes: Sequence[Axes]) -> None:
    pairs = [zip(*each.get_legend_handles_labels(), strict=True) for each in axes]
    found = {str(label): handle for each in pairs for handle, label in each}
    labels = [label for label in LABELS.values() if label in found]
    if labels:
        handles = [found[label] for label in labels]
        figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), fontsize=9)


def _time_label(span: int) -> str:
    return "seconds since the start" + (f" (a point is the mean of {span:,} s)" if span > 1 else "")


def _file(figure: Figure, form: Form) -> bytes:
    content = BytesIO()
    if form == "svg":
        figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    else:
        figure.savefig(content, format="png", dpi=150, metadata={"Software": None})
    return content.getvalue()
