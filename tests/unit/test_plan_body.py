"""A request's body: JSON in UTF-8, 16 KiB at most, with no key twice; or a reason why not."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import json_body
from chalicelib.errors import InvalidPlan


def problem_of(raw: bytes) -> str:
    with pytest.raises(InvalidPlan) as caught:
        json_body.read(raw)
    (problem,) = caught.value.problems
    assert problem.field == "body"
    return problem.problem


@pytest.mark.parametrize("raw", [b"", b"  \n", b"{}"])
def test_nothing_reads_as_an_empty_object(raw: bytes) -> None:
    assert json_body.read(raw) == ({}, ())


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"{", "is not JSON"),
        (b'{"name": "a"} {}', "is not JSON"),
        (b"name=a", "is not JSON"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[" * 16_000, "is nested too deeply"),
        (b" " * (16 * 1024 + 1), "has 16385 bytes"),
    ],
)
def test_what_is_no_json_is_refused_with_its_reason(raw: bytes, problem: str) -> None:
    assert problem_of(raw).startswith(problem)


def test_a_key_given_twice_is_a_problem_wherever_it_is() -> None:
    _, problems = json_body.read(b'{"phases": [{"a": 1, "a": 2}], "name": "x", "name": "x"}')
    assert [problem.field for problem in problems] == ["a", "name"]


def test_a_number_too_long_to_hold_becomes_infinite_so_that_its_field_is_named() -> None:
    value, _ = json_body.read(b'{"x": ' + b"9" * 5_000 + b"}")
    assert value == {"x": math.inf}


@given(st.binary(max_size=2_000))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    with contextlib.suppress(InvalidPlan):
        json_body.read(raw)


@given(
    st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.booleans(), max_size=9)
)
def test_json_is_read_as_the_standard_library_wrote_it(value: dict[str, Any]) -> None:
    assert json_body.read(json.dumps(value).encode()) == (value, ())
