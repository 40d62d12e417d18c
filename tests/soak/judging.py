"""Whether a long run stayed as it began: what was sampled, held against bounds. Pure.

Memory is judged by its slope: Theil and Sen's, the median of the slopes between all pairs of
points, which outliers don't move, and by the upper end of its confidence interval (Sen 1968, by
Kendall's variance). So "flat" doesn't say that no growth was found, but that growth beyond the
bound is ruled out. Points are medians of equal spans of time: neighbouring seconds are too alike to
count as observations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import NormalDist, median

import numpy as np

from tests.soak.samples import Sample

MIB = 1 << 20
HOUR = 3_600.0
CONFIDENCE = 0.99
SPANS = 48

MOST_GROWTH = 30.0
"""MiB an hour, of one process: half a MiB a minute. At 5,000 records/s of 400 bytes one record in
230 that is never let go of is more."""
MOST_MORE = 1
"""Descriptors or threads in the last third over the first: a connection more at a moment."""
MOST_DRIFT = 0.5
"""Seconds' worth of records: producers send what was due within a tenth, and one may be held up."""
MOST_CPU = 1.25
"""CPU a record in the last third by that in the first. CPU time of the same work differs by a tenth
between minutes on a machine that others use."""
LEAST_CPU = 2.0
"""Microseconds a record below which a role's share is too small for its ratio to mean anything."""


@dataclass(frozen=True)
class Trend:
    """A slope by the hour, and the ends of its confidence interval."""

    slope: float
    low: float
    high: float


@dataclass(frozen=True)
class Change:
    """Something at the beginning, and at the end."""

    first: float
    last: float

    @property
    def ratio(self) -> float:
        return self.last / self.first if self.first else math.inf


@dataclass(frozen=True)
class Life:
    """One process through the judged time, or all of a role for `cpu`."""

    role: str
    pid: int
    memory: float
    """MiB at the end."""
    growth: Trend
    """MiB an hour."""
    descriptors: Change
    """The most in the first third, and in the last."""
    threads: Change


@dataclass(frozen=True)
class Verdict:
    """What a run came to."""

    lives: tuple[Life, ...]
    cpu: Mapping[str, Change]
    """Microseconds a record in the first third and in the last, by role."""
    drifts: tuple[float, ...]
    """Delivered less what the target asks for, seconds' worth, since the judged time began: at the
    end of each minute."""
    problems: tuple[str, ...]
    """What crossed its bound, a sentence each."""

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Window:
    """The judged part of a run, Unix seconds."""

    begin: int
    end: int

    @property
    def third(self) -> float:
        return (self.end - self.begin) / 3

    @property
    def first(self) -> Window:
        return Window(self.begin, round(self.begin + self.third))

    @property
    def last(self) -> Window:
        return Window(round(self.end - self.third), self.end)

    def has(self, moment: float) -> bool:
        return self.begin <= moment < self.end


def judge(
    samples: Sequence[Sample], arrivals: Mapping[int, int], target_tps: float, window: Window
) -> Verdict:
    """Judge a run by its samples, and by the records that arrived in each Unix second."""
    inside = sorted((s for s in samples if window.has(s.at)), key=lambda s: (s.pid, s.at))
    lives, passing = [], []
    for _, group in groupby(inside, key=lambda s: s.pid):
        life = list(group)
        through = life[0].at < window.begin + 2 and life[-1].at > window.end - 3
        if through:
            lives.append(_life(life, window))
        else:
            passing.append(life[0])
    cpu = {
        role: Change(
            *(
                _cpu_us(inside, role, part) / max(1, _arrived(arrivals, part))
                for part in (window.first, window.last)
            )
        )
        for role in sorted({s.role for s in inside})
    }
    drifts = drifts_of(arrivals, target_tps, window)
    problems = [
        *(problem for life in lives for problem in _problems_of(life)),
        *(f"{s.role} {s.pid} did not live through the judged time" for s in passing),
        *_cpu_problems(cpu),
        *_drift_problems(drifts),
    ]
    return Verdict(tuple(lives), cpu, drifts, tuple(problems))


def trend(
    seconds: Sequence[float], values: Sequence[float], confidence: float = CONFIDENCE
) -> Trend:
    """Theil and Sen's slope of at most SPANS medians of the values, by the hour."""
    times, levels = _medians(seconds, values)
    left, right = np.triu_indices(len(times), 1)
    slopes = np.sort((levels[right] - levels[left]) / (times[right] - times[left])) * HOUR
    n = len(times)
    spread = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    outside = max(0, math.floor((len(slopes) - spread) / 2))
    return Trend(float(np.median(slopes)), float(slopes[outside]), float(slopes[-1 - outside]))


def drifts_of(arrivals: Mapping[int, int], target_tps: float, window: Window) -> tuple[float, ...]:
    """How far delivery is ahead of the target (or behind: negative) at each minute's end."""
    ends = [*range(window.begin + 60, window.end, 60), window.end]
    return tuple(
        _arrived(arrivals, Window(window.begin, end)) / target_tps - (end - window.begin)
        for end in ends
    )


def _medians(
    seconds: Sequence[float], values: Sequence[float]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    parts = [part for part in np.array_split(np.arange(len(seconds)), SPANS) if len(part)]
    times = [float(np.median(np.asarray(seconds)[part])) for part in parts]
    levels = [float(np.median(np.asarray(values)[part])) for part in parts]
    return np.asarray(times), np.asarray(levels)


def _life(samples: Sequence[Sample], window: Window) -> Life:
    memory = [sample.memory / MIB for sample in samples]
    return Life(
        role=samples[0].role,
        pid=samples[0].pid,
        memory=median(memory[-10:]),
        growth=trend([sample.at for sample in samples], memory),
        descriptors=_most(samples, window, lambda sample: sample.descriptors),
        threads=_most(samples, window, lambda sample: sample.threads),
    )


def _most(samples: Sequence[Sample], window: Window, what: Callable[[Sample], int]) -> Change:
    return Change(
        *(max(what(s) for s in samples if part.has(s.at)) for part in (window.first, window.last))
    )


def _cpu_us(samples: Sequence[Sample], role: str, part: Window) -> float:
    """CPU time that a role's processes used in a part of the time, microseconds."""
    used = 0.0
    mine = (s for s in samples if s.role == role and part.has(s.at))
    for _, group in groupby(mine, key=lambda s: s.pid):
        life = list(group)
        lasted = life[-1].at - life[0].at
        if lasted:
            used += (life[-1].cpu - life[0].cpu) / lasted
    return used * (part.end - part.begin) * 1e6


def _arrived(arrivals: Mapping[int, int], part: Window) -> int:
    return sum(arrivals.get(second, 0) for second in range(part.begin, part.end))


def _problems_of(life: Life) -> list[str]:
    who = f"{life.role} {life.pid}"
    problems = []
    if life.growth.high > MOST_GROWTH:
        problems.append(
            f"{who} may grow by {life.growth.high:,.1f} MiB an hour "
            f"({CONFIDENCE:.0%} confidence), more than {MOST_GROWTH:g}"
        )
    for what, change in (("descriptors", life.descriptors), ("threads", life.threads)):
        if change.last > change.first + MOST_MORE:
            problems.append(f"{who} went from {change.first:g} to {change.last:g} {what}")
    return problems


def _cpu_problems(cpu: Mapping[str, Change]) -> list[str]:
    return [
        f"{role} used {change.last:,.1f} µs of CPU a record at the end, {change.ratio:.2f} times "
        f"the {change.first:,.1f} of the beginning; {MOST_CPU:g} times is the bound"
        for role, change in cpu.items()
        if change.last >= LEAST_CPU and change.ratio > MOST_CPU
    ]


def _drift_problems(drifts: Sequence[float]) -> list[str]:
    return [
        f"after {minute} min delivery was {abs(drift):.2f} s "
        f"{'ahead of' if drift > 0 else 'behind'} its target; {MOST_DRIFT:g} s is the bound"
        for minute, drift in enumerate(drifts, start=1)
        if abs(drift) > MOST_DRIFT
    ]
