"""MiniStack's looks for what is too old happen seldom, and still happen."""

from itertools import repeat

from local.expiry import Seldom


def test_a_look_is_taken_once_in_a_while_for_each_stream() -> None:
    clock = iter((0.0, 1.0, 59.9, 60.0, 61.0, 120.0, 121.0))
    looked: list[str] = []
    seldom = Seldom(lambda stream: looked.append(stream["StreamARN"]), 60.0, lambda: next(clock))
    for _ in repeat(None, 6):
        seldom({"StreamARN": "a"})
    assert looked == ["a", "a", "a"]
    seldom({"StreamARN": "b"})
    assert looked[-1] == "b"


def test_a_look_without_a_stream_is_taken_once_in_a_while() -> None:
    clock = iter((0.0, 30.0, 60.0))
    looked: list[int] = []
    seldom = Seldom(lambda: looked.append(1), 60.0, lambda: next(clock))
    for _ in repeat(None, 3):
        seldom()
    assert len(looked) == 2
