"""The budget guard: who asks for too much is told which number, and whose parameter it is."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import plan, settings
from chalicelib.budget import Budget
from chalicelib.errors import ConfigurationError, FieldProblem, InvalidPlan
from chalicelib.plan import Phase

BUDGET = Budget(max_tps=1_000, max_demos=2, max_duration_seconds=100)
DEFAULTS = tuple(Phase(number, 10, 1, 20) for number in range(1, 5))
GOOD = {"target_tps": 1_000, "duration_seconds": 25}


def problems(config: object, defaults: Any = DEFAULTS) -> dict[str, FieldProblem]:
    """The same for POST and for an execution started by hand; empty if all is within budget."""
    found: list[dict[str, FieldProblem]] = []
    for read in (plan.read_request, plan.read_config):
        try:
            read(config, defaults=defaults, per_task_capacity=100, budget=BUDGET)
            found.append({})
        except InvalidPlan as error:
            found.append({problem.field: problem for problem in error.problems})
    assert found[0].keys() == found[1].keys()
    return found[0]


def test_a_plan_that_just_fits_is_taken() -> None:
    assert problems({"phases": [GOOD] * 4}) == {}
    assert problems({"phases": [GOOD | {"task_count": 10}] * 4}) == {}


def test_too_fast_a_phase_is_named_with_the_parameter() -> None:
    fast = GOOD | {"target_tps": 1_000.5}
    found = problems({"phases": [GOOD, fast, GOOD, GOOD | {"target_tps": 2_000, "x": 1}]})
    assert set(found) == {"phases[1].target_tps", "phases[3].target_tps", "phases[3].x"}
    assert "at most 1,000" in found["phases[1].target_tps"].advice
    assert "MaxTps" in found["phases[1].target_tps"].advice


def test_more_tasks_than_the_fastest_phase_takes_are_named() -> None:
    found = problems({"phases": [GOOD, GOOD | {"task_count": 11}, GOOD, GOOD]})
    assert set(found) == {"phases[1].task_count"}
    assert "MaxTps" in found["phases[1].task_count"].advice


def test_every_number_of_a_phase_that_is_over_the_budget_is_named() -> None:
    found = problems({"phases": [GOOD | {"target_tps": 1_001, "task_count": 11}, *[GOOD] * 3]})
    assert set(found) == {"phases[0].target_tps", "phases[0].task_count"}


@pytest.mark.parametrize("durations", [(1.5, 10**400), (10**400, math.nan), ("x", 10**400)])
def test_durations_that_cannot_be_added_up_are_named_each(durations: tuple[object, ...]) -> None:
    bad = [GOOD | {"duration_seconds": seconds} for seconds in durations]
    found = problems({"phases": [*bad, GOOD, GOOD]})
    assert set(found) == {"phases[0].duration_seconds", "phases[1].duration_seconds"}


def test_phases_that_last_too_long_together_are_named_with_the_parameter() -> None:
    found = problems({"phases": [GOOD, GOOD, GOOD, GOOD | {"duration_seconds": 26}]})
    assert set(found) == {"phases"}
    assert found["phases"].problem == "last 101 s in all"
    assert "MaxDurationSeconds" in found["phases"].advice


def test_the_default_plan_has_to_fit_too() -> None:
    fast = (*DEFAULTS[:3], Phase(4, 5_000, 5, 60))
    assert set(problems({}, fast)) == {"phases", "phases[3].target_tps"}
    assert set(problems({"phases": [None] * 4}, fast)) == {"phases", "phases[3].target_tps"}
    assert problems({"phases": [None, None, None, GOOD]}, fast) == {}


def test_a_field_that_the_plans_own_limits_name_is_named_once() -> None:
    entry = {
        "target_tps": plan.MAX_TARGET_TPS + 1,
        "duration_seconds": plan.MAX_DURATION_SECONDS + 1,
    }
    with pytest.raises(InvalidPlan) as caught:
        plan.read_request(
            {"phases": [entry, GOOD, GOOD, GOOD]},
            defaults=DEFAULTS,
            per_task_capacity=100,
            budget=BUDGET,
        )
    fields = [problem.field for problem in caught.value.problems]
    assert fields.count("phases[0].target_tps") == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, min_size=4, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(json_values, min_size=4, max_size=4))
def test_no_json_value_breaks_the_guard(entries: list[Any]) -> None:
    problems({"phases": entries})


@given(
    st.lists(
        st.tuples(st.integers(1, 2_000), st.integers(1, 60), st.integers(1, 20)),
        min_size=4,
        max_size=4,
    )
)
def test_a_plan_is_taken_exactly_if_it_fits(phases: list[tuple[int, int, int]]) -> None:
    entries = [
        {"target_tps": tps, "duration_seconds": seconds, "task_count": tasks}
        for tps, seconds, tasks in phases
    ]
    fits = sum(seconds for _, seconds, _ in phases) <= 100 and all(
        tps <= 1_000 and tasks <= 10 for tps, _, tasks in phases
    )
    assert (problems({"phases": entries}) == {}) is fits


# Where the numbers come from


def test_variables_that_are_not_set_stand_for_the_defaults() -> None:
    assert settings.budget({}) == Budget(100_000, 5, 3_600)
    assert settings.budget({"MAX_TPS": "", "MAX_DEMOS": " "}) == Budget()


def test_the_variables_are_the_budget() -> None:
    environment = {"MAX_TPS": "1000", "MAX_DEMOS": "2", "MAX_DURATION_SECONDS": "100"}
    assert settings.budget(environment) == BUDGET
    # As CloudFormation takes them, too, and passes them on.
    padded = {name: f"0000{text}" for name, text in environment.items()}
    assert settings.budget(padded) == BUDGET


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "nan", "٣", "9" * 5_000, "86401000"])
def test_every_number_that_cannot_be_read_is_named(text: str) -> None:
    names = ("MAX_TPS", "MAX_DEMOS", "MAX_DURATION_SECONDS")
    with pytest.raises(ConfigurationError) as caught:
        settings.budget(dict.fromkeys(names, text))
    assert all(name in str(caught.value) for name in names)
