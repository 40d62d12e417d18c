"""The report as a page and as a text: templates over the document. Pure but for the templates.

Every number of the document stands on the page in a `data` element, which names it and has it as it
is, unrounded: so a test can hold the page against summary.json. The page needs nothing from
anywhere: picture, styles, summary.json and timeseries.csv are in it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporting.document import Document, disagreements, lasted, ok, phases_option, plan_of, verdict
from reporting.picture import COLOURS
from reporting.seconds import NAMES

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).resolve().parent / "templates"
UNKNOWN = "–"
FORMS: Mapping[str, str] = {
    "count": "{:,.0f}",
    "number": "{:,.10g}",
    "plain": "{:.0f}",
    "rate": "{:,.1f}",
    "ms": "{:,.1f} ms",
    "seconds": "{:,.2f} s",
    "money": "${:,.4f}",
    "quantity": "{:,.4g}",
}
_PROLOG = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>", re.DOTALL)
_SIZE = re.compile(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"')


def html(document: Document, picture: bytes, csv: str) -> str:
    """report.html: `picture` is the story as SVG, `csv` is timeseries.csv's content."""
    from markupsafe import Markup

    def number(path: str, form: str = "count") -> str:
        value = at(document, path)
        if value is None:
            return Markup('<span title="not known">{}</span>').format(UNKNOWN)
        text = shown(value, form)
        return Markup('<data value="{}" data-of="{}">{}</data>').format(value, path, text)

    return _rendered(
        "report.html.j2",
        document,
        number,
        picture=Markup(themed(picture)),  # noqa: S704  # drawn here: matplotlib escapes its texts
        csv=b64encode(csv.encode()).decode(),
        colours=COLOURS,
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704
    )


def markdown(document: Document, picture_name: str) -> str:
    """report.md, which shows the picture of this file name beside it."""

    def number(path: str, form: str = "count") -> str:
        value = at(document, path)
        return UNKNOWN if value is None else shown(value, form)

    return _rendered("report.md.j2", document, number, picture_name=picture_name)


def shown(value: float, form: str) -> str:
    """A number for people; the larger quantities without a fraction."""
    return FORMS["count" if form == "quantity" and value >= 1000 else form].format(value)


def at(document: Document, path: str) -> Any:
    """What is at a path such as `phases.0.delivered`; None where there is nothing."""
    found: Any = document
    for step in path.split("."):
        if isinstance(found, (list, tuple)):
            found = found[int(step)] if int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found


def themed(picture: bytes) -> str:
    """An SVG for a page: without prolog and fixed size, in the colours of the page's theme."""
    svg = _SIZE.sub(r"\1", _PROLOG.sub("", picture.decode()), count=1)
    for name, colour in COLOURS.items():
        svg = svg.replace(f": {colour}", f": var(--{name}, {colour})")
    return svg


def _rendered(template: str, document: Document, number: Callable[..., str], **more: object) -> str:
    return (
        _templates()
        .get_template(template)
        .render(
            d=document,
            n=number,
            ok=ok(document),
            verdict=verdict(document),
            plan=plan_of(document),
            phases_option=phases_option(document),
            lasted=lasted(document),
            disagreements=disagreements(document),
            names=NAMES,
            unknown=UNKNOWN,
            **more,
        )
    )


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
