"""Two demos are held against each other number by number."""

import re
from dataclasses import replace

from reporting import comparison
from reporting.comparison import Row, rows
from reporting.document import with_seconds
from reporting.folder import Report
from tests.reports import addresses, document, phase, seconds


def row(a: float | None, b: float | None, more_is: int = -1) -> Row:
    return Row(None, "throttled", "count", a, b, more_is)


def test_a_difference_is_what_b_is_over_a() -> None:
    found = [row(*pair) for pair in ((200, 250), (200, 100), (5, 5), (0, 0), (0, 7), (None, 7))]
    assert [each.difference_percent for each in found] == [25, -50, 0, 0, None, None]
    assert [each.shown()[-1] for each in found] == ["+25.0%", "-50.0%", "=", "=", "from 0", "–"]


def test_it_is_judged_by_what_more_of_it_means_and_noise_is_not() -> None:
    assert [row(200, 250).judged, row(200, 100).judged, row(0, 7).judged] == [-1, 1, -1]
    assert [row(200, 201).judged, row(5, 5).judged, row(None, 7).judged] == [0, 0, 0]
    assert replace(row(200, 250), more_is=0).judged == 0


def test_the_whole_and_each_phase_are_compared() -> None:
    a, b = document(), document(throttled=0, phases=[phase(1), phase(2, throttled=40_001)])
    found = {each.title: each for each in rows(a, b)}
    assert found["throttled"].difference_percent == -100
    assert found["phase 2 spike throttled"].difference_percent == -50
    assert (found["phase 4 decline tasks"].a, found["phase 4 decline tasks"].b) == (4, None)
    assert found["cost"].a == 1.2345
    assert found["lasted"].a == 9


def test_a_program_gets_the_numbers_as_they_are() -> None:
    found = comparison.as_json(document(), document(demo_id="monday"))
    assert (found["a"], found["b"]) == ("friday", "monday")
    assert {"phase": 2, "name": "tasks", "a": 2, "b": 2, "difference_percent": 0.0} in found["rows"]


def test_the_page_has_both_curves_and_every_row_and_needs_nothing() -> None:
    a = Report(with_seconds(document(), seconds()), seconds())
    b = Report(with_seconds(document(demo_id="mon<day"), seconds()), seconds(throttled=(9.0,) * 8))
    text = comparison.html(a, b)
    assert all(address.startswith("#") for address in addresses(text))
    assert "mon<day" not in text
    for colour in ("accepted", "throttled"):
        assert f"stroke: var(--{colour}, " in text
    headers = re.findall(r'<th scope="row">(.*?)</th>', text)
    assert headers == [each.title for each in rows(a.document, b.document)]
