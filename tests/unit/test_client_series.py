"""Numbers by the second, put together from answers that each tell a part."""

import math
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from client.series import Series, highest

numbers = st.lists(st.none() | st.integers(0, 9), max_size=30)


def answer(begin: int, *column: float | None, period: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "begin": begin,
        "end": begin + len(column) * period,
        "period": period,
        "complete": False,
        "series": {"delivered": [*column], **more},
    }


@given(numbers, st.lists(st.integers(0, 30)))
def test_the_parts_make_the_whole_wherever_it_was_cut(
    column: list[float | None], cuts: list[int]
) -> None:
    series = Series()
    at = sorted({0, len(column), *(cut for cut in cuts if cut < len(column))})
    for begin, end in pairwise(at):
        assert series.resume == ({"since": 100 + begin, "period": 1} if begin else {})
        series.add(answer(100 + begin, *column[begin:end]))
    assert series.of("delivered") == column


@given(numbers, st.integers(-5, 40))
def test_what_is_told_since_a_moment_is_what_an_earlier_reader_lacks(
    column: list[float | None], since: int
) -> None:
    series = Series()
    series.add(answer(100, *column))
    told = series.since(100 + since)
    known = min(max(0, since), len(column))
    assert told["begin"] == 100 + known
    assert told["end"] == 100 + len(column)
    assert told["series"]["delivered"] == column[known:]
    assert series.since(None)["series"]["delivered"] == column


def test_an_answer_that_overlaps_corrects_and_one_that_does_not_follow_replaces() -> None:
    series = Series()
    series.add(answer(100, 1, 2, None))
    series.add(answer(102, 3, 4))
    assert series.of("delivered") == [1, 2, 3, 4]
    series.add(answer(100, 7, 8, period=60))
    assert (series.period, series.end, series.of("delivered")) == (60, 220, [7, 8])
    series.add(answer(900, 5, period=60))
    assert (series.begin, series.of("delivered")) == (900, [5])


def test_a_column_that_comes_later_or_stays_away_is_unknown_there() -> None:
    series = Series()
    series.add(answer(100, 1, 2))
    series.add(answer(102, 3, failed=[9]))
    series.add(answer(103, 4))
    assert series.of("failed") == [None, None, 9, None]


@given(st.floats(95, 110), st.floats(95, 110))
def test_a_part_of_a_column_is_the_seconds_that_begin_in_it(begin: float, end: float) -> None:
    series = Series()
    series.add(answer(100, *range(100, 106)))
    expected = [second for second in range(100, 106) if begin <= second < end]
    assert series.of("delivered", begin, end) == expected
    assert highest(expected) == (max(expected) if expected else None)


def test_nothing_is_known_at_first() -> None:
    series = Series()
    assert series.since(5) == {"period": 0, "begin": 0, "end": 0, "complete": False, "series": {}}
    assert highest(series.of("delivered", 0, math.inf)) is None
