"""The rules for a demo's input: nothing crashes them, and every bad field is named."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import plan
from chalicelib.errors import FieldProblem, InvalidPlan
from chalicelib.plan import MAX_DURATION_SECONDS, MAX_TARGET_TPS, MAX_TASK_COUNT, Phase

CAPACITY = 1000.0
DEFAULTS = tuple(Phase(number, 10 * number, number, 60) for number in range(1, 5))
GOOD = {"target_tps": 100, "duration_seconds": 10}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=6),
    max_leaves=20,
)
targets = st.integers(1, MAX_TASK_COUNT * 1000) | st.floats(1e-9, MAX_TASK_COUNT * 1000)
entries = st.fixed_dictionaries(
    {"target_tps": targets, "duration_seconds": st.integers(1, MAX_DURATION_SECONDS)},
    optional={"task_count": st.integers(1, MAX_TASK_COUNT)},
)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)


def read(body: object) -> plan.DemoRequest:
    return plan.read_request(body, defaults=DEFAULTS, per_task_capacity=CAPACITY)


def bad_fields(body: object) -> set[str]:
    with pytest.raises(InvalidPlan) as caught:
        read(body)
    return {problem.field for problem in caught.value.problems}


def test_an_empty_body_is_the_default_plan() -> None:
    assert read({}) == plan.DemoRequest(None, DEFAULTS)


def test_null_stands_for_a_default_phase_at_its_own_place() -> None:
    phases = read({"phases": [None, GOOD, None, None]}).phases
    assert phases == (DEFAULTS[0], Phase(2, 100, 1, 10), DEFAULTS[2], DEFAULTS[3])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], {"body"}),
        ("plan", {"body"}),
        (None, {"body"}),
        (math.nan, {"body"}),
        ({"phases": None}, {"phases"}),
        ({"phases": {}}, {"phases"}),
        ({"phases": []}, {"phases"}),
        ({"phases": [GOOD] * 5}, {"phases"}),
        ({"phases": [GOOD] * 3 + [[]]}, {"phases[3]"}),
        ({"phases": [GOOD] * 3 + [True]}, {"phases[3]"}),
        ({"phases": [{}] + [None] * 3}, {"phases[0].target_tps", "phases[0].duration_seconds"}),
        ({"phases": [GOOD | {"phase_number": 1}] + [None] * 3}, {"phases[0].phase_number"}),
        ({"requested_at": "now"}, {"requested_at"}),
        ({"name": None}, {"name"}),
        ({"name": ""}, {"name"}),
        ({"name": "-a"}, {"name"}),
        ({"name": "a\n"}, {"name"}),
        ({"name": "a" * 65}, {"name"}),
        ({"name": "é"}, {"name"}),
        ({"name": 1, "more": 1, "phases": 1}, {"name", "more", "phases"}),
    ],
)
def test_a_bad_body_names_its_bad_fields(body: object, fields: set[str]) -> None:
    assert bad_fields(body) == fields


@pytest.mark.parametrize(
    "value", [0, -1, True, "100", None, [], math.nan, math.inf, 10**400, 1e7 + 1]
)
def test_a_target_that_is_no_number_above_zero_is_refused(value: object) -> None:
    entry = GOOD | {"target_tps": value, "task_count": 1}
    assert bad_fields({"phases": [None, None, entry, None]}) == {"phases[2].target_tps"}


@pytest.mark.parametrize("value", [0, -1, True, "1", None, 1.0, 1.5, math.nan, 86_401, 10**400])
def test_a_duration_that_is_no_whole_number_of_seconds_is_refused(value: object) -> None:
    entry = GOOD | {"duration_seconds": value}
    assert bad_fields({"phases": [entry, None, None, None]}) == {"phases[0].duration_seconds"}


@pytest.mark.parametrize("value", [0, -1, True, "1", None, 2.0, math.inf, 5_001, 10**400])
def test_a_task_count_that_ecs_would_not_take_is_refused(value: object) -> None:
    entry = GOOD | {"task_count": value}
    assert bad_fields({"phases": [entry, None, None, None]}) == {"phases[0].task_count"}


def test_a_target_that_needs_too_many_tasks_is_refused_unless_the_tasks_are_given() -> None:
    entry = {"target_tps": MAX_TARGET_TPS, "duration_seconds": 1}
    assert bad_fields({"phases": [entry, None, None, None]}) == {"phases[0].target_tps"}
    given_tasks = read({"phases": [entry | {"task_count": 5_000}, None, None, None]})
    assert given_tasks.phases[0].task_count == 5_000


def test_problems_found_before_come_first_and_alone_are_enough_to_refuse() -> None:
    earlier = FieldProblem("name", "is given 2 times", "give it once")
    with pytest.raises(InvalidPlan) as caught:
        plan.read_request({}, defaults=DEFAULTS, per_task_capacity=CAPACITY, problems=[earlier])
    assert caught.value.problems == (earlier,)


def test_an_execution_may_say_when_it_was_requested_and_number_its_phases() -> None:
    config = {
        "requested_at": "2026-01-01T00:00:00Z",
        "phases": [GOOD | {"phase_number": number} for number in range(1, 5)],
    }
    phases = plan.read_config(config, defaults=DEFAULTS, per_task_capacity=CAPACITY).phases
    assert [phase.phase_number for phase in phases] == [1, 2, 3, 4]


def test_an_execution_that_numbers_its_phases_wrongly_is_refused() -> None:
    config = {"phases": [GOOD | {"phase_number": 2}, None, None, None]}
    with pytest.raises(InvalidPlan, match=r"phases\[0\].phase_number is 2"):
        plan.read_config(config, defaults=DEFAULTS, per_task_capacity=CAPACITY)


@pytest.mark.parametrize("document", [{}, {"phases": [None, GOOD, GOOD, GOOD]}, [], {"phases": []}])
def test_a_default_plan_has_nothing_to_fall_back_to(document: object) -> None:
    with pytest.raises(InvalidPlan, match="default_plan"):
        plan.read_default_plan(document, per_task_capacity=CAPACITY)


@given(json_values)
def test_no_json_value_breaks_the_rules(value: Any) -> None:
    with contextlib.suppress(InvalidPlan):
        assert len(read(value).phases) == plan.PHASES


@given(st.lists(entries | st.none(), min_size=4, max_size=4), names)
def test_a_valid_plan_comes_out_as_it_went_in(given_entries: list[Any], name: str) -> None:
    request = read({"phases": given_entries, "name": name})
    assert request.name == name
    for entry, phase, default in zip(given_entries, request.phases, DEFAULTS, strict=True):
        if entry is None:
            assert phase == default
            continue
        assert phase.phase_number == default.phase_number
        assert (phase.target_tps, phase.duration_seconds) == (
            entry["target_tps"],
            entry["duration_seconds"],
        )
        assert phase.task_count == entry.get("task_count", phase.task_count)


BAD_VALUES = {
    "target_tps": st.sampled_from([0, -5, "x", None, True, math.nan, math.inf, 2e7]),
    "duration_seconds": st.sampled_from([0, -5, "x", None, True, 1.5, 86_401]),
    "task_count": st.sampled_from([0, -5, "x", None, True, 1.5, 5_001]),
    "surprise": st.just(1),
}


@given(st.data())
def test_exactly_the_bad_fields_are_named(data: st.DataObject) -> None:
    expected, phases = set(), []
    for index in range(4):
        entry: dict[str, Any] = GOOD | {"task_count": 1}
        for key in data.draw(st.sets(st.sampled_from(sorted(BAD_VALUES)))):
            entry[key] = data.draw(BAD_VALUES[key])
            expected.add(f"phases[{index}].{key}")
        phases.append(entry)
    if expected:
        assert bad_fields({"phases": phases}) == expected
    else:
        assert read({"phases": phases}).phases


@given(targets, st.floats(1, 1e6))
def test_the_tasks_are_just_enough_for_the_target(target: float, capacity: float) -> None:
    tasks = plan.tasks_for(target, capacity)
    assert tasks >= 1
    assert tasks >= target / capacity
    assert tasks == 1 or tasks - 1 < target / capacity
