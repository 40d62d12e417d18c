"""The rules for a demo's stream: which one it loads, and how warm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import names, plan, stream_choice
from chalicelib.errors import InvalidPlan
from chalicelib.plan import Phase
from chalicelib.stream_choice import AS_IT_IS, StreamChoice, StreamMode

DEFAULTS = tuple(Phase(number, 10, 1, 20) for number in range(1, 5))


def choice(body: object) -> StreamChoice:
    return plan.read_request(body, defaults=DEFAULTS, per_task_capacity=100).stream


def bad_fields(body: object) -> set[str]:
    with pytest.raises(InvalidPlan) as caught:
        choice(body)
    assert all(problem.advice for problem in caught.value.problems)
    return {problem.field for problem in caught.value.problems}


def test_a_demo_keeps_the_stacks_stream_as_it_is_unless_it_says_otherwise() -> None:
    assert choice({}) == AS_IT_IS == StreamChoice(StreamMode.KEPT, None)
    assert choice({"stream": {"mode": "kept"}}) == AS_IT_IS


@pytest.mark.parametrize("mibps", [1, 100, 10_240])
def test_a_fresh_and_warm_stream_can_be_asked_for(mibps: int) -> None:
    body = {"stream": {"mode": "fresh"}, "warm_throughput_mibps": mibps}
    assert choice(body) == StreamChoice(StreamMode.FRESH, mibps)


@pytest.mark.parametrize(
    ("stream", "fields"),
    [
        (None, {"stream"}),
        ("fresh", {"stream"}),
        ([], {"stream"}),
        ({}, {"stream.mode"}),
        ({"mode": None}, {"stream.mode"}),
        ({"mode": "FRESH"}, {"stream.mode"}),
        ({"mode": ["fresh"]}, {"stream.mode"}),
        ({"mode": "fresh", "name": "mine"}, {"stream.name"}),
        ({"name": 1}, {"stream.name", "stream.mode"}),
    ],
)
def test_a_stream_that_is_no_choice_is_named(stream: object, fields: set[str]) -> None:
    assert bad_fields({"stream": stream}) == fields


@pytest.mark.parametrize("mibps", [None, 0, -1, 1.0, 1.5, True, "100", [], 10_241, 10**50])
def test_a_warm_throughput_that_is_no_whole_number_in_range_is_named(mibps: object) -> None:
    assert bad_fields({"warm_throughput_mibps": mibps}) == {"warm_throughput_mibps"}


@given(st.sampled_from(StreamMode), st.none() | st.integers(1, 10_240))
def test_what_an_execution_is_given_reads_as_what_was_asked_for(
    mode: StreamMode, mibps: int | None
) -> None:
    wanted = StreamChoice(mode, mibps)
    config = stream_choice.to_json(wanted)
    read = plan.read_config(config, defaults=DEFAULTS, per_task_capacity=100)
    assert read.stream == wanted
    assert stream_choice.read_mode(config) is mode


@pytest.mark.parametrize(
    "config", [None, [], 1, {}, {"stream": None}, {"stream": "fresh"}, {"stream": {"mode": []}}]
)
def test_an_input_that_somebody_else_wrote_counts_as_on_the_stacks_stream(config: Any) -> None:
    assert stream_choice.read_mode(config) is StreamMode.KEPT


def stream_name(demo_id: str, base_family: str = "kinesis-demo-test-worker") -> str:
    fresh = StreamChoice(StreamMode.FRESH)
    return stream_choice.stream_name(fresh, demo_id, kept="kept", base_family=base_family)


def test_a_demos_own_stream_is_called_after_stack_and_demo() -> None:
    assert stream_name("friday") == "kinesis-demo-test-demo-friday"
    kept = stream_choice.stream_name(AS_IT_IS, "friday", kept="kept", base_family="x-worker")
    assert kept == "kept"


def test_a_stack_without_a_stream_asks_for_a_fresh_one() -> None:
    with pytest.raises(InvalidPlan, match=r'KeptStream=no.*"fresh"'):
        stream_choice.stream_name(AS_IT_IS, "friday", kept=None, base_family="x-worker")


def test_the_longest_name_that_post_takes_fits_the_longest_stage() -> None:
    longest = f"kinesis-demo-{'s' * 32}-worker"  # deployment/template.py: a stage's length
    assert len(stream_name("n" * names.MAX_NAME_LENGTH, longest)) <= names.MAX_STREAM_NAME_LENGTH


def test_a_stream_that_would_be_called_too_long_is_named_with_what_would_fit() -> None:
    base = f"kinesis-demo-{'s' * 32}-worker"
    with pytest.raises(InvalidPlan, match="at most 77") as caught:
        stream_name("n" * 80, base)
    assert caught.value.problems[0].field == "stream"
    assert len(stream_name("n" * 77, base)) == names.MAX_STREAM_NAME_LENGTH
