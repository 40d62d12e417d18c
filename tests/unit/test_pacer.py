"""The pace's laws: totals are exact, shares add up, catching up is bounded."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from worker.pacer import CATCH_UP_FACTOR, LONGEST_STEP_NS, NS, Pacer, Unpaced

rates = st.fractions(min_value=Fraction(1, 100), max_value=1_000_000, max_denominator=1000)
elapsed = st.integers(0, 1000 * NS)
pools = st.integers(1, 64)


@given(rates, pools, elapsed)
def test_the_slots_of_a_pool_owe_its_total_at_every_instant(
    rate: Fraction, slots: int, at: int
) -> None:
    owed = sum(Pacer(rate, slot, slots).due(at) for slot in range(slots))
    assert owed == rate * at // NS


@given(rates, pools, st.data())
def test_a_record_is_due_exactly_when_the_count_reaches_it(
    rate: Fraction, slots: int, data: st.DataObject
) -> None:
    pacer = Pacer(rate, data.draw(st.integers(0, slots - 1)), slots)
    count = data.draw(st.integers(1, 10_000))
    at = pacer.due_at(count)
    assert at is not None
    assert pacer.due(at) >= count
    assert pacer.due(at - 1) < count


@given(rates, elapsed, elapsed)
def test_what_is_due_never_shrinks(rate: Fraction, one: int, other: int) -> None:
    pacer = Pacer(rate, 0, 1)
    assert pacer.due(min(one, other)) <= pacer.due(max(one, other))


@given(rates, elapsed, st.integers(0, 10**9), st.integers(0, 10 * NS))
def test_a_step_never_makes_more_than_is_due_or_than_its_length_allows(
    rate: Fraction, at: int, generated: int, step: int
) -> None:
    pacer = Pacer(rate, 0, 1)
    allowed = pacer.allowed(at, generated, step)
    assert 0 <= allowed <= max(0, pacer.due(at) - generated)
    assert allowed <= CATCH_UP_FACTOR * rate * min(step, LONGEST_STEP_NS) / NS + 1


@given(rates, pools, elapsed, st.integers(0, 10 * NS))
def test_who_is_far_behind_makes_twice_the_share_of_the_step(
    rate: Fraction, slots: int, at: int, step: int
) -> None:
    pacer = Pacer(rate, slots - 1, slots)
    allowed = pacer.allowed(at, 0, step)
    most = 2 * rate * min(step, NS // 4) // (slots * NS) + 1
    assert type(allowed) is int
    assert allowed == min(pacer.due(at), most)


def test_a_pause_earns_a_quarter_of_a_second_of_catching_up() -> None:
    assert Pacer(Fraction(1_000), 0, 1).allowed(10 * NS, 0, 10 * NS) == 2 * 250 + 1


def test_nothing_is_due_before_the_start() -> None:
    assert Pacer(Fraction(1_000), 0, 1).due(-NS) == 0
    assert Pacer(Fraction(1_000), 0, 1).allowed(-NS, 0, NS) == 0


@given(rates, st.lists(st.integers(1, NS // 2), min_size=1, max_size=50))
def test_steps_of_any_length_end_level_with_the_pace(rate: Fraction, steps: list[int]) -> None:
    pacer = Pacer(rate, 0, 1)
    now = generated = 0
    for step in steps:
        now += step
        generated += pacer.allowed(now, generated, step)
    for _ in range(10_000):
        if generated == pacer.due(now):
            return
        generated += pacer.allowed(now, generated, LONGEST_STEP_NS)
    raise AssertionError("never caught up")


def test_an_idle_pace_owes_nothing_ever() -> None:
    pacer = Pacer(Fraction(0), 0, 2)
    assert pacer.due(10**6 * NS) == 0
    assert pacer.due_at(1) is None


def test_a_pause_is_caught_up_at_twice_the_pace() -> None:
    pacer = Pacer(Fraction(1000), 0, 1)
    assert pacer.allowed(10 * NS, 5_000, NS // 100) == 21


@given(rates, pools, st.data())
def test_due_times_are_those_at_which_the_counts_are_reached(
    rate: Fraction, slots: int, data: st.DataObject
) -> None:
    pacer = Pacer(rate, data.draw(st.integers(0, slots - 1)), slots)
    made, number = data.draw(st.integers(0, 10_000)), data.draw(st.integers(0, 20))
    expected = [(pacer.due_at(made + n) or 0) + 77 for n in range(1, number + 1)]
    assert pacer.dues(made, number, 77) == expected


def test_without_a_pace_there_is_always_something_to_send_and_nothing_owed() -> None:
    pace = Unpaced(burst=10)
    assert pace.allowed(0, 10**9, 0) == 10
    assert pace.due(10**12) == 0
    assert pace.due_at(5) == 0
    assert pace.dues(3, 2, start_ns=99) == [99, 99]
