"""MiniStack's looks for old metrics happen seldom, and still happen."""

from itertools import repeat

from local.expiry import Seldom


def test_a_look_is_taken_once_in_a_while() -> None:
    clock = iter((0.0, 1.0, 59.9, 60.0, 61.0, 120.0))
    looked: list[int] = []
    seldom = Seldom(lambda: looked.append(1), 60.0, lambda: next(clock))
    for _ in repeat(None, 6):
        seldom()
    assert len(looked) == 3
