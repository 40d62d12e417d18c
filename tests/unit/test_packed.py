"""Values that are held packed are those that were published, and few bytes."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from local.packed import BLOCK, OPEN_TIMES, PackedValues, Value

PUBLISHED = st.tuples(
    st.floats(0, 100),
    st.sampled_from([0.0, 1.5, 20.0]),
    st.sampled_from(["Count", "None"]),
    st.integers(1, 5).map(float),
)
MOMENTS = st.floats(-1, 101)


def held(published: list[tuple[float, float, str, float]], resolution: int) -> PackedValues:
    values = PackedValues(resolution)
    for one in published:
        values.add(*one)
    return values


def counted(values: list[Value]) -> Counter[tuple[float, float, str]]:
    counts: Counter[tuple[float, float, str]] = Counter()
    for one in values:
        counts[one[:3]] += int(one.seen)
    return counts


@given(st.lists(PUBLISHED), st.sampled_from([1, 60]), MOMENTS, MOMENTS)
def test_what_was_published_in_a_span_is_found_once(
    published: list[tuple[float, float, str, float]], resolution: int, begin: float, end: float
) -> None:
    expected = [
        Value(at // resolution * resolution, value, unit, count)
        for at, value, unit, count in published
    ]
    values = held(published, resolution)
    assert counted(list(values.between())) == counted(expected)
    inside = [one for one in expected if begin <= one.at < end]
    assert counted(list(values.between(begin, end))) == counted(inside)
    assert bool(values) == bool(published)


def test_equal_values_of_a_time_are_held_once() -> None:
    values = held([(7.0, 2.5, "None", 1.0), (7.9, 2.5, "None", 2.0), (7.0, 2.5, "Count", 4.0)], 1)
    assert list(values.between()) == [Value(7, 2.5, "None", 3.0), Value(7, 2.5, "Count", 4.0)]


def test_values_that_are_packed_are_as_they_were_in_their_order() -> None:
    published = [
        (float(second), number + 0.25, unit, 3.0)
        for second in range(100)
        for number in range(25)
        for unit in ("Milliseconds", "None")
    ]
    values = held(published, 1)
    assert len(published) > 5 * BLOCK
    assert list(values.between()) == published
    assert list(values.between(50, 51)) == published[2_500:2_550]


def test_a_straggler_is_found_beside_its_time() -> None:
    late = OPEN_TIMES + 3
    values = held(
        [*((float(at), 1.0, "None", 1.0) for at in range(late)), (0.0, 1.0, "None", 1.0)], 1
    )
    assert counted(list(values.between(0, 1))) == {(0.0, 1.0, "None"): 2}


def test_old_values_are_let_go_of_by_the_block_and_no_newer_one_is() -> None:
    published = [(float(at), float(n), "None", 1.0) for at in range(100) for n in range(50)]
    values = held(published, 1)
    before = values.packed_bytes
    values.forget(60.0)
    assert values.packed_bytes < before / 2
    assert list(values.between(60)) == published[3_000:]
    assert len(list(values.between())) < 2_000 + BLOCK
    values.forget(100.0)
    assert not values


def test_an_hour_of_a_latency_takes_less_than_a_megabyte() -> None:
    chance = random.Random(3)  # noqa: S311 (no secrets)
    values = PackedValues(1)
    for second in range(3_600):
        for bucket in range(25):
            values.add(second, 1.07**bucket, "Milliseconds", float(chance.randint(1, 60)))
    assert len(list(values.between())) == 90_000
    assert values.packed_bytes < 1_000_000
