"""The report as a page and as a text: templates over the document. Pure but for the templates.

Every number of the document stands on the page in a `data` element, which names it and has it as it
is, unrounded: so a test can hold the page against summary.json. The page needs nothing from
anywhere: picture, styles, summary.json and timeseries.csv are in it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporting.canvas import COLOURS
from reporting.document import Document, disagreements, lasted, ok, phases_option, plan_of, verdict
from reporting.seconds import NAMES

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).resolve().parent / "templates"
UNKNOWN = "–"
_FORMS: Mapping[str, Callable[[float], str]] = {
    "count": "{:,.0f}".format,
    "plain": "{:.0f}".format,
    "rate": "{:,.1f}".format,
    "ms": "{:,.1f} ms".format,
    "seconds": "{:,.2f} s".format,
    "number": lambda value: _significant(value, 10),
    "quantity": lambda value: _significant(value, 4),
    "money": lambda value: f"${value:,.4f}" if value >= 0.001 else f"${_significant(value, 2)}",
}
_STORY = "Records offered, accepted and throttled per second, open shards and tasks, by phase"
_BOTH = "Records accepted and throttled per second, and open shards, of both demos"
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
        picture=_trusted(themed(picture, _STORY)),
        csv=b64encode(csv.encode()).decode(),
        style=_style(),
    )


def markdown(document: Document, picture_name: str) -> str:
    """report.md, which shows the picture of this file name beside it."""

    def number(path: str, form: str = "count") -> str:
        value = at(document, path)
        return UNKNOWN if value is None else shown(value, form)

    return _rendered("report.md.j2", document, number, picture_name=picture_name)


def comparison(titles: Sequence[str], rows: Sequence[object], picture: bytes) -> str:
    """compare's page: `rows` tell their cells and how they are judged (reporting/comparison.py)."""
    return (
        _templates()
        .get_template("compare.html.j2")
        .render(titles=titles, rows=rows, picture=_trusted(themed(picture, _BOTH)), style=_style())
    )


def shown(value: float, form: str) -> str:
    """A number for people."""
    return _FORMS[form](value)


def _significant(value: float, digits: int) -> str:
    """So many digits, but all those before the point, and never an exponent."""
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{Decimal(f'{value:.{digits}g}'):,f}"


def at(document: Document, path: str) -> Any:
    """What is at a path such as `phases.0.delivered`; None where there is nothing."""
    found: Any = document
    for step in path.split("."):
        if isinstance(found, (list, tuple)):
            found = found[int(step)] if int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found


def themed(picture: bytes, label: str) -> str:
    """An SVG for a page: an image of this label, sized by the page and in its theme's colours."""
    svg = _SIZE.sub(rf'\1 role="img" aria-label="{label}"', _PROLOG.sub("", picture.decode()), 1)
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


def _style() -> str:
    return _trusted((TEMPLATES / "style.css").read_text(encoding="utf-8"))


def _trusted(markup: str) -> str:
    """Not to be escaped again: our own styles, and pictures, whose texts matplotlib escapes."""
    from markupsafe import Markup

    return Markup(markup)  # noqa: S704 # nosec B704 # the picture that we drew


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
