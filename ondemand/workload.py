"""What is sent, second by second: from a plan's phases, a shape, or a table of seconds. Pure.

A phase's tasks share its target, so before all of them run only their part of it is sent; nobody
makes up for a task that isn't there yet.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

STEPS = 20
"""Of a second that are told apart."""
IDLE = (0.0,) * STEPS
"""A second in which nothing is made."""


class BadWorkload(ValueError):
    """A workload that can't be read; the message says where."""


@dataclass(frozen=True)
class Launching:
    """How tasks come up. Source: Fargate's quotas: 100 at once, then 20 a second."""

    start_seconds: float = 20.0
    """From its launch until a task sends. Not published; depends on the image."""
    burst: int = 100
    per_second: float = 20.0

    def running(self, tasks: int, elapsed: float) -> int:
        """How many of `tasks` send, so many seconds after their service was told."""
        launched_for = elapsed - self.start_seconds
        if launched_for < 0:
            return 0
        return min(tasks, self.burst + math.floor(launched_for * self.per_second))


@dataclass(frozen=True)
class Phase:
    """A part of a plan; `target_tps` in user records a second by all its tasks together."""

    target_tps: float
    duration_seconds: int
    task_count: int


@dataclass(frozen=True)
class Second:
    """One second of a workload."""

    target: float
    """User records that are wanted."""
    steps: tuple[float, ...]
    """User records that the running tasks make, by part of the second."""
    tasks: int
    running: int
    """Tasks that send, in the second's end."""
    phase: int

    @property
    def offered(self) -> float:
        """User records that the running tasks make in the whole second."""
        return sum(self.steps)


class Shape(StrEnum):
    """A named course of traffic, between a low and a high rate."""

    RAMP = "ramp"
    SINE = "sine"
    SPIKE = "spike"
    SAWTOOTH = "sawtooth"


def of_phases(phases: Sequence[Phase], launching: Launching) -> list[Second]:
    """A plan's seconds, in order."""
    seconds = []
    for number, phase in enumerate(phases, start=1):
        each = phase.target_tps / phase.task_count / STEPS
        for elapsed in range(phase.duration_seconds):
            running = [
                launching.running(phase.task_count, elapsed + (step + 0.5) / STEPS)
                for step in range(STEPS)
            ]
            steps = tuple(each * tasks for tasks in running)
            seconds.append(Second(phase.target_tps, steps, phase.task_count, running[-1], number))
    return seconds


@dataclass(frozen=True)
class Sending:
    """A phase as it went: its tasks sent from `begin` to `end`, seconds, in the mean."""

    phase: Phase
    began: float
    """When the phase did."""
    begin: float
    end: float


def of_sendings(sendings: Sequence[Sending]) -> list[Second]:
    """The seconds from 0 on of what was sent; phases follow each other."""
    last = max(math.ceil(sending.end) for sending in sendings)
    return [_second_of(sendings, second) for second in range(last)]


def _second_of(sendings: Sequence[Sending], second: int) -> Second:
    begun = [number for number, s in enumerate(sendings, start=1) if s.began < second + 1]
    number = begun[-1] if begun else 1
    phase = sendings[number - 1].phase
    steps = tuple(
        sum(
            sending.phase.target_tps * _overlap(sending, second + step / STEPS)
            for sending in sendings
        )
        for step in range(STEPS)
    )
    running = phase.task_count if sendings[number - 1].begin < second + 1 else 0
    return Second(phase.target_tps, steps, phase.task_count, running, number)


def _overlap(sending: Sending, at: float) -> float:
    """For how much of the step that begins `at` a phase's tasks sent, seconds."""
    return max(0.0, min(sending.end, at + 1 / STEPS) - max(sending.begin, at))


def of_rates(rates: Iterable[float], tasks: int) -> list[Second]:
    """Seconds of these rates, all tasks running all the time."""
    return [Second(rate, (rate / STEPS,) * STEPS, tasks, tasks, 1) for rate in rates]


def of_shape(shape: Shape, low: float, high: float, duration: int, period: int) -> list[float]:
    """A rate for each second of `duration`; sine and sawtooth repeat every `period` seconds.

    A ramp rises over the whole duration, a spike stands in its middle fifth.
    """
    return [low + (high - low) * _height(shape, at, duration, period) for at in range(duration)]


def _height(shape: Shape, at: int, duration: int, period: int) -> float:
    if shape is Shape.RAMP:
        return at / max(1, duration - 1)
    if shape is Shape.SINE:
        return (1 - math.cos(2 * math.pi * at / period)) / 2
    if shape is Shape.SAWTOOTH:
        return (at % period) / max(1, period - 1)
    return 1.0 if 0.4 <= at / duration < 0.6 else 0.0


def of_csv(lines: Iterable[str]) -> list[float]:
    """Rates from rows of (second, records a second); a rate holds until the next row's second.

    Raises BadWorkload with the line. A heading is passed over.
    """
    rates: list[float] = []
    for number, row in enumerate(csv.reader(lines), start=1):
        if not row or (number == 1 and not _is_number(row[0])):
            continue
        second, rate = _read_row(row, number)
        if second < len(rates) or (not rates and second != 0):
            raise BadWorkload(f"line {number}: second {second}: give them in order, from 0 on")
        rates += [rates[-1]] * (second - len(rates)) if rates else []
        rates.append(rate)
    if not rates:
        raise BadWorkload("there is no row: give lines of second,records_per_second")
    return rates


def _read_row(row: Sequence[str], number: int) -> tuple[int, float]:
    if len(row) != 2 or not all(map(_is_number, row)):
        raise BadWorkload(f"line {number}: {','.join(row)!r}: give second,records_per_second")
    second, rate = float(row[0]), float(row[1])
    if second != int(second) or second < 0 or not 0 <= rate < math.inf:
        raise BadWorkload(f"line {number}: {','.join(row)!r}: give a whole second and a rate ≥ 0")
    return int(second), rate


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
