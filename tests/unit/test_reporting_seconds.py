"""Seconds come from the API, the stream or a file, and nothing is added to them or lost."""

import csv
import io

import pytest

from client.series import Series
from reporting.seconds import (
    COLUMNS,
    BadTimeSeries,
    Seconds,
    bands,
    of_csv,
    of_metrics,
    story,
    to_csv,
    value_at,
    with_stream,
)
from tests.reports import BEGIN, document, seconds

ANSWER = {
    "demoId": "friday",
    "period": 1,
    "begin": BEGIN,
    "end": BEGIN + 3,
    "series": {
        "target_tps": [100, 100, None],
        "generated": [99, None, 101],
        "delivered": [98, None, 102],
        "throttled": [0, None, 7],
        "open_shards": [4, 4, 8],
        "tasks_sending": [1, 1, 2],
        "latency_p99_ms": [12.5, None, 80],
    },
}
PHASES = bands(document()["phases"], BEGIN)


def test_an_answers_series_become_columns_and_what_it_has_not_is_not_known() -> None:
    found = of_metrics(ANSWER)
    assert (found.begin, found.period, len(found)) == (BEGIN, 1, 3)
    assert found.column("accepted") == (98, None, 102)
    assert found.column("failed") == (None, None, None)
    assert found.sums() == {
        "offered": 200,
        "accepted": 200,
        "throttled": 7,
        "failed": None,
        "retried": None,
        "in_stream": None,
    }


def test_answers_that_follow_each_other_are_one() -> None:
    series = Series()
    series.add({**ANSWER, "complete": False})
    series.add({**ANSWER, "begin": BEGIN + 3, "end": BEGIN + 6, "complete": True})
    both = of_metrics(series.since(None))
    assert (len(both), both.sums()["offered"]) == (6, 400)


def test_what_the_stream_took_is_counted_also_before_and_after_what_was_published() -> None:
    arrivals = {BEGIN - 2: 1, BEGIN: 90, BEGIN + 2: 100, BEGIN + 4: 9}
    found = with_stream(of_metrics(ANSWER), arrivals)
    assert (found.begin, found.column("in_stream")) == (BEGIN - 2, (1, 0, 90, 0, 100, 0, 9))
    assert found.column("accepted") == (None, None, 98, None, 102, None, None)
    nothing = with_stream(Seconds(BEGIN, 60, {}), {BEGIN + 61: 5})
    assert nothing.column("in_stream") == (0, 5)


def test_a_file_of_them_is_read_as_it_was_written() -> None:
    found = with_stream(of_metrics(ANSWER), {BEGIN: 1})
    text = to_csv(found, PHASES)
    again = of_csv(text, found.begin, found.period)
    assert {name: again.column(name) for name in COLUMNS} == {
        name: found.column(name) for name in COLUMNS
    }


def test_a_row_is_a_second_with_its_phase_and_an_empty_cell_is_not_known() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(of_metrics(ANSWER), PHASES))))
    assert [(row["second"], row["phase"]) for row in rows] == [("0", "1"), ("1", "1"), ("2", "2")]
    assert [row["throttled"] for row in rows] == ["0", "", "7"]
    assert list(rows[0])[:7] == [
        *("second", "phase", "target_tps", "offered", "accepted", "throttled", "failed")
    ]


def test_a_cell_that_is_no_number_is_named() -> None:
    text = to_csv(of_metrics(ANSWER), PHASES).replace(",98,", ",much,")
    with pytest.raises(BadTimeSeries, match="line 2, accepted: 'much' is no number"):
        of_csv(text, BEGIN, 1)


def test_the_story_is_in_rates_and_tells_what_the_stream_took_if_nothing_else_is_known() -> None:
    told = story(
        Seconds(BEGIN, 60, {"offered": (6_000.0, None), "open_shards": (4.0, 4.0)}), (), "t"
    )
    assert (told.seconds, told.offered, told.shards) == ((0.0, 60.0), (100.0, None), (4.0, 4.0))
    only = with_stream(Seconds(BEGIN, 1, {}), {BEGIN: 7})
    assert story(only, (), "t").accepted == (7.0,)
    assert story(seconds(), PHASES, "t").accepted[-1] == 510


def test_a_phase_that_was_not_started_is_no_band() -> None:
    phases = document()["phases"]
    phases[3] |= {"started_at": None, "ends_at": None}
    assert [(band.number, band.begin, band.end) for band in bands(phases, BEGIN)] == [
        *((1, 0, 2), (2, 2, 4), (3, 4, 6))
    ]


def test_the_newest_value_that_is_known_at_a_moment() -> None:
    found = of_metrics(ANSWER)
    assert [value_at(found, "throttled", at) for at in (0, 1, 2, 2.5, 9)] == [None, 0, 0, 7, 7]
