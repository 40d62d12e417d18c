"""A set of numbers by the bit is a set of numbers."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from local.numbers import Numbers

anything = st.integers(-10_000, 20_000) | st.integers()


@given(st.lists(anything), st.integers(-10, 30_000))
def test_it_knows_what_is_new_what_it_holds_and_how_much_of_it_is_below_a_limit(
    added: list[int], limit: int
) -> None:
    numbers, known = Numbers(), set[int]()
    for number in added:
        assert (number in numbers) == (number in known)
        assert numbers.add(number) == (number not in known)
        known.add(number)
    assert len(numbers) == len(known)
    assert numbers.below(limit) == sum(0 <= number < limit for number in known)


def test_a_million_numbers_take_a_fifth_of_a_byte_each() -> None:
    numbers = Numbers()
    for number in range(1_000_000):
        numbers.add(number)
    pieces = numbers._pieces
    held = sys.getsizeof(pieces) + sum(map(sys.getsizeof, pieces.values()))
    assert numbers.below(1_000_000) == len(numbers) == 1_000_000
    assert held < 200_000
