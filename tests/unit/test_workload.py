"""What is sent in each second: phases whose tasks come up, shapes, tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondemand.workload import (
    BadWorkload,
    Launching,
    Phase,
    Shape,
    of_csv,
    of_phases,
    of_shape,
)

AT_ONCE = Launching(start_seconds=0.0, burst=1 << 31)

phases = st.lists(
    st.builds(Phase, st.floats(1, 1e6), st.integers(1, 60), st.integers(1, 5_000)),
    min_size=1,
    max_size=4,
)


@given(phases)
def test_tasks_that_are_there_at_once_send_what_the_plan_says(plan: list[Phase]) -> None:
    offered = sum(second.offered for second in of_phases(plan, AT_ONCE))
    wanted = sum(phase.target_tps * phase.duration_seconds for phase in plan)
    assert offered == pytest.approx(wanted)


@given(phases)
def test_no_second_offers_more_than_its_target(plan: list[Phase]) -> None:
    for second in of_phases(plan, Launching()):
        assert 0 <= second.running <= second.tasks
        assert second.offered <= second.target * 1.000001


def test_fargate_brings_up_a_hundred_tasks_at_once_and_twenty_a_second_from_then_on() -> None:
    launching = Launching(start_seconds=10)
    running = [launching.running(150, elapsed) for elapsed in (9, 10, 11, 12, 13)]
    assert running == [0, 100, 120, 140, 150]


@pytest.mark.parametrize("shape", Shape)
def test_a_shape_stays_between_its_rates_and_reaches_both(shape: Shape) -> None:
    rates = of_shape(shape, 10, 1_000, duration=100, period=20)
    assert len(rates) == 100
    assert [min(rates), max(rates)] == pytest.approx([10, 1_000])


def test_a_rate_in_a_table_holds_until_the_next_row() -> None:
    assert of_csv(["second,records", "0,5", "3,7"]) == [5, 5, 5, 7]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["0,5", "x,7"], "line 2"),
        (["0,5", "2"], "line 2"),
        (["0,5", "0,7"], "line 2: second 0"),
        (["5,1"], "line 1: second 5"),
        (["0,-1"], "a rate ≥ 0"),
        ([], "no row"),
    ],
)
def test_a_table_that_cant_be_read_says_where(lines: list[str], says: str) -> None:
    with pytest.raises(BadWorkload, match=says):
        of_csv(lines)
