"""The rules for what a demo is judged by, as POST and an execution's input say it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import criteria, demo_state, plan
from chalicelib.criteria import NO_CRITERIA, Criteria
from chalicelib.errors import InvalidEvent, InvalidPlan
from chalicelib.plan import Phase
from chalicelib.thresholds import MAX_THRESHOLDS, parse

DEFAULTS = tuple(Phase(number, 10, 1, 20) for number in range(1, 5))
RULES: dict[str, Any] = {"defaults": DEFAULTS, "per_task_capacity": 100}
ASKED = {"thresholds": ["lost==0", "phase 2 : throttled < 1.50%"], "abort_on_fail": True}
UNDERSTOOD = Criteria((parse("lost==0"), parse("phase 2: throttled<1.5%")), abort_on_fail=True)


def problems(body: object) -> dict[str, str]:
    with pytest.raises(InvalidPlan) as refused:
        plan.read_request(body, **RULES)
    assert all(problem.advice for problem in refused.value.problems)
    return {problem.field: problem.problem for problem in refused.value.problems}


def test_a_demo_is_judged_by_nothing_unless_it_says_so() -> None:
    assert plan.read_request({}, **RULES).criteria == NO_CRITERIA == Criteria((), False)
    assert plan.read_config({"thresholds": []}, **RULES).criteria == NO_CRITERIA


@pytest.mark.parametrize("read", [plan.read_request, plan.read_config])
def test_the_criteria_are_read_from_a_body_and_from_an_executions_input(read: Any) -> None:
    assert read(ASKED, **RULES).criteria == UNDERSTOOD


def test_they_travel_as_they_were_understood() -> None:
    said = criteria.to_json(UNDERSTOOD)
    assert said == {"thresholds": ["lost==0", "phase 2: throttled<1.5%"], "abort_on_fail": True}
    assert plan.read_config(said, **RULES).criteria == UNDERSTOOD
    state = demo_state.initialized("d", 1_800_000_000, DEFAULTS, judged_by=UNDERSTOOD)
    assert demo_state.from_json(demo_state.to_json(state)) == state


def test_a_demo_state_of_an_earlier_controller_has_none_and_a_bad_one_is_no_state() -> None:
    document = demo_state.to_json(demo_state.initialized("d", 1_800_000_000, DEFAULTS))
    old = {key: value for key, value in document.items() if key not in criteria.KEYS}
    assert demo_state.from_json(old).criteria == NO_CRITERIA
    with pytest.raises(InvalidEvent, match="measures 'speed'"):
        demo_state.from_json({**document, "thresholds": ["speed>1"]})


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"thresholds": None}, {"thresholds": "is null, not a list"}),
        ({"thresholds": "lost==0"}, {"thresholds": "is 'lost==0', not a list"}),
        ({"abort_on_fail": None}, {"abort_on_fail": "is null"}),
        ({"abort_on_fail": "yes"}, {"abort_on_fail": "is 'yes'"}),
        ({"abort_on_fail": 1}, {"abort_on_fail": "is 1"}),
        (
            {"thresholds": ["lost==0", "speed>1", 5]},
            {
                "thresholds[1]": "measures 'speed', which is unknown",
                "thresholds[2]": "is 5, not a text",
            },
        ),
        (
            {"thresholds": ["lost==0", "failed==0", "lost == 0.0"]},
            {"thresholds[2]": "says what thresholds[0] says"},
        ),
        (
            {"thresholds": [f"cost<{n}" for n in range(MAX_THRESHOLDS + 1)]},
            {"thresholds": f"has {MAX_THRESHOLDS + 1} entries"},
        ),
    ],
)
def test_what_cannot_be_judged_by_is_named_with_its_place(
    body: object, found: dict[str, str]
) -> None:
    assert problems(body) == found


def test_as_many_thresholds_as_may_be_are_taken() -> None:
    body = {"thresholds": [f"cost<{n}" for n in range(MAX_THRESHOLDS)]}
    assert len(plan.read_request(body, **RULES).criteria.thresholds) == MAX_THRESHOLDS
