"""Two stories over each other: what the stream took, what it threw back, and its shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporting.canvas import COLOURS, figure, file, known, separate_thousands, settings, steps
from reporting.picture import Story, thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS = {
    "accepted": "accepted, records/s",
    "throttled": "throttled, refusals/s",
    "shards": "open shards",
}
STYLES = ((COLOURS["accepted"], "-", 2.0), (COLOURS["throttled"], "--", 1.6))
"""Of the first and of the second story: colour, dash, width."""


def overlaid(first: Story, second: Story) -> bytes:
    """Both as one SVG: three panels over one axis of seconds since each one's own start."""
    with settings():
        drawn = figure(11.0, 7.5)
        panels = drawn.subplots(len(PANELS), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, label) in zip(panels, PANELS.items(), strict=True):
            _panel(axes, name, label, (thinned(first)[0], thinned(second)[0]))
        panels[-1].set_xlim(left=0)
        panels[-1].set_xlabel("seconds since the start of each")
        handles, labels = panels[0].get_legend_handles_labels()
        if labels:
            drawn.legend(handles, labels, loc="outside upper left", ncols=1, fontsize=9)
        return file(drawn, "svg")


def _panel(axes: Axes, name: str, label: str, stories: tuple[Story, Story]) -> None:
    separate_thousands(axes)
    axes.set_ylabel(label)
    axes.spines["right"].set_visible(False)
    for story, (colour, dashes, width) in zip(stories, STYLES, strict=True):
        values = getattr(story, name)
        if known(values):
            points = steps(story.seconds, values)
            axes.step(
                *points, dashes, where="post", color=colour, linewidth=width, label=story.title
            )
    axes.set_ylim(bottom=0)
