"""What every picture is drawn on: colours, settings, steps, and the file. By matplotlib.

No state of matplotlib's is changed for good, and it is imported when something is drawn: who only
wants the data doesn't wait for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
"""All that a picture is drawn with, by what it is for. Okabe and Ito's (jfly.uni-koeln.de/color),
which the colour-blind can tell apart; lines differ by dash and width as well."""


@contextmanager
def settings() -> Iterator[None]:
    """matplotlib's settings while a picture is drawn, whatever the user's own are."""
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
                "axes.spines.top": False,
                "xtick.color": COLOURS["ink"],
                "ytick.color": COLOURS["ink"],
                "figure.facecolor": COLOURS["paper"],
                "axes.facecolor": COLOURS["paper"],
                "legend.frameon": False,
            }
        )
        yield


def figure(width: float, height: float) -> Figure:
    """An empty one, sizes in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def separate_thousands(axes: Axes) -> None:
    """Write 12,000 on both axes, not 12000."""
    from matplotlib.ticker import FuncFormatter

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def known(values: Series) -> bool:
    """Whether anything is known of a series."""
    return any(value is not None for value in values)


def steps(seconds: Sequence[float], values: Series) -> tuple[list[float], list[float]]:
    """Points to draw as steps; the last value once more, since it holds for a while as others do.

    What is not known is not a number, where matplotlib leaves a gap.
    """
    lasts = seconds[-1] - seconds[-2] if len(seconds) > 1 else 1
    numbers = [math.nan if value is None else float(value) for value in values]
    return [*seconds, seconds[-1] + lasts], [*numbers, numbers[-1]]


def file(drawn: Figure, form: Form) -> bytes:
    """The figure as a file's content, without the date: the same figure is the same file."""
    content = BytesIO()
    if form == "svg":
        drawn.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    else:
        drawn.savefig(content, format="png", dpi=150, metadata={"Software": None})
    return content.getvalue()
