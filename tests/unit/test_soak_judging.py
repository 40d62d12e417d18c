"""A soak's judge finds what grows, drifts or slows, and leaves noise alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.soak.judging import (
    HOUR,
    MIB,
    MOST_CPU,
    MOST_GROWTH,
    Trend,
    Verdict,
    Window,
    drifts_of,
    judge,
    trend,
)
from tests.soak.samples import HEAD, POOL, PRODUCER, STACK, Sample, line_of, read, role_of

BEGIN, SECONDS, TPS = 1_000, 480, 5_000
WINDOW = Window(BEGIN, BEGIN + SECONDS)
EVEN = dict.fromkeys(range(BEGIN, BEGIN + SECONDS), TPS)
Level = Callable[[int], float]


def samples(
    memory: Level = lambda _: 100.0,
    descriptors: Callable[[int], int] = lambda _: 10,
    cpu: Level = lambda second: 0.02 * second,
    seconds: Sequence[int] = range(SECONDS),
    role: str = PRODUCER,
    pid: int = 1,
) -> list[Sample]:
    """A process by the second; `memory` in MiB, `cpu` in seconds."""
    return [
        Sample(
            at=BEGIN + s + 0.01,
            pid=pid,
            role=role,
            memory=round(memory(s) * MIB),
            descriptors=descriptors(s),
            threads=3,
            cpu=cpu(s),
        )
        for s in seconds
    ]


def judged(*found: list[Sample], arrivals: dict[int, int] = EVEN) -> Verdict:
    return judge([sample for each in found for sample in each], arrivals, TPS, WINDOW)


def noise(seed: int, size: float) -> Level:
    """What memory does when buffers come and go: alike from second to second, and with spikes."""
    chance = np.random.default_rng(seed)
    steps, level, values = chance.normal(0, size, SECONDS), 0.0, []
    for step in steps:
        level = 0.7 * level + float(step)
        values.append(level + (8 * size if chance.random() < 0.02 else 0.0))
    return lambda second: 100 + values[second]


def test_a_run_that_stays_as_it_began_is_good() -> None:
    verdict = judged(samples(), samples(role=STACK, pid=2))
    assert verdict.ok, verdict.problems
    assert [life.role for life in verdict.lives] == [PRODUCER, STACK]
    assert verdict.lives[0].growth == Trend(0, 0, 0)
    assert verdict.drifts == (0,) * 8
    assert verdict.cpu[PRODUCER].ratio == pytest.approx(1)
    assert verdict.cpu[PRODUCER].first == pytest.approx(0.02 * 1e6 / TPS)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 0.2))
def test_noise_is_no_leak(seed: int, size: float) -> None:
    verdict = judged(samples(noise(seed, size)))
    assert verdict.ok, verdict.problems


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 0.2), st.floats(2 * MOST_GROWTH, 5_000))
def test_a_leak_is_found_under_noise(seed: int, size: float, an_hour: float) -> None:
    level = noise(seed, size)
    verdict = judged(samples(lambda s: level(s) + an_hour * s / HOUR))
    (problem,) = verdict.problems
    assert problem.startswith("producer 1 may grow by ")


@pytest.mark.parametrize("role", [PRODUCER, POOL, STACK])
@pytest.mark.parametrize(("part", "good"), [(0.95, True), (1.05, False)])
def test_growth_is_judged_alike_on_both_sides_of_its_bound(
    role: str, part: float, good: bool
) -> None:
    verdict = judged(samples(lambda s: 100 + part * MOST_GROWTH * s / HOUR, role=role))
    assert verdict.ok == good


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=8, max_size=8), st.floats(-1e3, 1e3), st.integers(1, 40)
)
def test_the_slope_of_a_line_is_found_whatever_a_few_points_do(
    outliers: list[float], an_hour: float, stride: int
) -> None:
    seconds = [float(s) for s in range(240)]
    values = [an_hour * s / HOUR for s in seconds]
    for number, outlier in enumerate(outliers):
        values[(number * stride) % 240] += outlier
    found = trend(seconds, values)
    assert found.low <= found.slope <= found.high
    assert found.low - 1e-6 <= an_hour <= found.high + 1e-6
    assert found.slope == pytest.approx(an_hour, abs=1e-6)


def test_the_slopes_interval_holds_the_truth_as_often_as_it_says() -> None:
    chance = np.random.default_rng(7)
    seconds = [float(s) for s in range(48)]
    held = 0
    for _ in range(400):
        found = trend(seconds, [float(v) for v in chance.normal(0, 1, 48)])
        held += found.low <= 0 <= found.high
    assert 390 <= held <= 400


def test_a_step_up_in_descriptors_is_found_and_a_moments_connection_is_not() -> None:
    assert judged(samples(descriptors=lambda s: 10 + (s == 400))).ok
    verdict = judged(samples(descriptors=lambda s: 10 + s // 200))
    assert verdict.problems == ("producer 1 went from 10 to 12 descriptors",)


def test_a_process_that_comes_or_goes_is_named() -> None:
    verdict = judged(samples(), samples(seconds=range(100, SECONDS), pid=2, role=POOL))
    assert verdict.problems == ("pool 2 did not live through the judged time",)


def test_work_that_gets_dearer_is_found_by_role() -> None:
    slowing = samples(cpu=lambda s: 0.02 * s + 0.00002 * s * s)
    verdict = judged(slowing, samples(pid=2, role=STACK))
    (problem,) = verdict.problems
    assert problem.startswith("producer used ")
    assert verdict.cpu[PRODUCER].ratio > MOST_CPU
    # What hardly works isn't judged by how much it works.
    assert judged(samples(cpu=lambda s: 0.0001 * s + 0.0000001 * s * s)).ok


@given(st.integers(-7_000, 7_000), st.integers(0, SECONDS - 1))
def test_records_that_are_missing_or_too_many_show_as_drift_from_then_on(
    records: int, second: int
) -> None:
    arrivals = {**EVEN, BEGIN + second: TPS + records}
    drifts = drifts_of(arrivals, TPS, WINDOW)
    assert len(drifts) == 8
    for minute, drift in enumerate(drifts, start=1):
        assert drift == pytest.approx(records / TPS if second < minute * 60 else 0)
    assert judged(samples(), arrivals=arrivals).ok == (abs(records) <= TPS / 2)


def test_processes_are_known_by_command_and_parent() -> None:
    python = "/x/python"
    assert role_of([python, "-m", "local.server", "--socket", "4"], "runner") == STACK
    assert role_of([python, "-m", "worker"], "agent") == POOL
    assert role_of([python, "-m", "worker"], POOL) == PRODUCER
    assert role_of([python, "lambda.py"], STACK) == "Lambda"
    assert role_of(["bash", "-m"], "runner") == "other"


def test_samples_are_read_as_they_were_written() -> None:
    found = samples(seconds=range(3), role=STACK)
    assert list(read([HEAD, *map(line_of, found)])) == found
