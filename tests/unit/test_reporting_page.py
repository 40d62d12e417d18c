"""The report says what summary.json says, number by number, and needs nothing from anywhere."""

import json
import re
from typing import Any

import pytest

from reporting import page
from reporting.document import with_seconds
from tests.reports import addresses, document, numbers_in, seconds, shown

PICTURE = b'<?xml version="1.0"?>\n<svg width="1pt" height="2pt" viewBox="0 0 1 2"></svg>'


def told(**changes: Any) -> dict[str, Any]:
    return with_seconds(document(**changes), seconds())


def from_answer(**changes: Any) -> dict[str, Any]:
    """A demo of which nothing was read back."""
    unknown = dict.fromkeys(("delivered", "lost", "duplicates", "foreign", "killed_workers"))
    return told(read_back=False, latency_ms=None, **unknown, **changes)


def html(of: dict[str, Any]) -> str:
    return page.html(of, PICTURE, "second\n")


def digits(text: str) -> tuple[float, float]:
    """A shown number, and half of what its last digit is worth."""
    number = re.sub(r"[^0-9.-]", "", text)
    places = len(number.partition(".")[2])
    return float(number), 0.5 * 10**-places


def test_every_number_of_the_summary_is_on_the_page_and_nothing_else() -> None:
    of = told()
    found = {path: float(value) for path, value, _ in shown(html(of))}
    assert found == dict(numbers_in(of))


def test_what_people_read_is_the_number_but_for_rounding() -> None:
    for path, value, text in shown(html(told())):
        number, half = digits(text)
        exact = float(value)
        rounded_to = half if exact < 1000 else max(half, 0.5)
        assert number == pytest.approx(exact, abs=rounded_to, rel=1e-9), (path, text)


def test_what_is_not_known_is_a_dash_and_never_a_zero() -> None:
    text = html(from_answer())
    paths = {path for path, _, _ in shown(text)}
    assert not paths & {"delivered", "lost", "duplicates", "foreign", "latency_ms.p99"}
    assert text.count('<span title="not known">–</span>') >= 5
    assert "Nothing was read back" in text


def test_a_markdown_report_has_the_numbers_and_its_picture() -> None:
    text = page.markdown(told(), "picture.svg")
    assert "](picture.svg)" in text
    row = next(line for line in text.splitlines() if line.startswith("| 2 spike"))
    assert [cell.strip() for cell in row.split("|")[2:12]] == [
        *("6,000", "202.6", "0.48 s", "2", "4", "1,002", "1,002", "1,002", "80,002", "0")
    ]
    assert "Nothing was read back" in page.markdown(from_answer(), "picture.svg")


def test_the_page_refers_to_nothing_outside_of_itself() -> None:
    text = html(told())
    assert all(a.startswith(("#", "data:")) for a in addresses(text))
    assert "url(http" not in text
    assert "default-src 'none'" in text


def test_summary_and_seconds_are_in_the_page() -> None:
    of = told(demo_id="</script><script>alert(1)</script>")
    text = html(of)
    (inside,) = re.findall(r'<script type="application/json" id="summary">(.*?)</script>', text)
    assert json.loads(inside) == of
    assert 'href="data:text/csv;base64,c2Vjb25kCg=="' in text


def test_what_a_demo_brings_along_is_text_not_markup() -> None:
    nasty = "<img src=x onerror=alert(1)>"
    text = html(told(demo_id=nasty, error=nasty, reproduce=[nasty], complaints=[nasty]))
    assert "<img" not in text.partition('<script type="application/json"')[0]


def test_seconds_that_do_not_add_up_are_told() -> None:
    assert "the seconds&#39; throttled add up to 8, of 320,010 throttled" in html(told())
    agreeing = with_seconds(document(throttled=8, retried=8, failed=8), seconds())
    assert "These are the counts above." in html(agreeing)


def test_a_model_is_called_one() -> None:
    assert "The stream is a model's" in html(told())
    off: dict[str, Any] = {"cpus": 2, "stream_model": None, "time_scale": None, "versions": {}}
    assert "The stream is a model's" not in html(told(environment=off))


def test_a_picture_takes_the_colours_of_the_page() -> None:
    root = b'<?xml?><svg width="9pt" height="9pt" a="b">'
    svg = root + b'<metadata>x</metadata><p style="fill: #d55e00"/>'
    assert (
        page.themed(svg, "all")
        == '<svg role="img" aria-label="all" a="b"><p style="fill: var(--throttled, #d55e00)"/>'
    )


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1_234_567, "count", "1,234,567"),
        (0.0000025, "number", "0.0000025"),
        (99.5, "number", "99.5"),
        (12_000, "number", "12,000"),
        (8.661e-05, "quantity", "0.00008661"),
        (12_345.6, "quantity", "12,346"),
        (0, "money", "$0"),
        (0.000024, "money", "$0.000024"),
        (1.23456, "money", "$1.2346"),
    ],
)
def test_numbers_have_separators_and_no_exponent(value: float, form: str, text: str) -> None:
    assert page.shown(value, form) == text
