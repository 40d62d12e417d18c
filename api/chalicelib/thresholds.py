"""What a demo has to achieve: thresholds such as `phase 2: p99_latency_ms<500`. Pure.

A threshold is a text that is read here and nowhere else, and judged by one reading. Nothing passes
that isn't known. A verdict may come before the end, but only if nothing that can still happen
changes it: a count that grows and is over its limit already stays so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import eq, ge, gt, le, lt

from chalicelib.shown import MOST, shown

MAX_THRESHOLDS = 20
MAX_LENGTH = 100
"""Characters of a threshold."""

EXAMPLES = "achieved_tps>=99%, lost==0 or phase 2: p99_latency_ms<500"
_PHASES = ("1", "2", "3", "4")
_WRITTEN = re.compile(r"(?:phase\s*(\w+)\s*:)?\s*(\w+)\s*([<>=!~]+)\s*([^\s<>=!~]\S*)", re.ASCII)
# Of so many digits every number is told apart as a float.
_LIMIT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(%?)")
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "==": eq,
}


class Metric(StrEnum):
    """What can be asked for."""

    ACHIEVED_TPS = "achieved_tps"
    LOST = "lost"
    FAILED = "failed"
    THROTTLED = "throttled"
    P50 = "p50_latency_ms"
    P90 = "p90_latency_ms"
    P99 = "p99_latency_ms"
    SECONDS_TO_TARGET = "seconds_to_target"
    COST = "cost"


UNITS: Mapping[Metric, str] = {
    Metric.ACHIEVED_TPS: "records/s",
    Metric.LOST: "records",
    Metric.FAILED: "records",
    Metric.THROTTLED: "records",
    Metric.P50: "ms",
    Metric.P90: "ms",
    Metric.P99: "ms",
    Metric.SECONDS_TO_TARGET: "s",
    Metric.COST: "USD",
}
PERCENTILES: Mapping[Metric, int] = {Metric.P50: 50, Metric.P90: 90, Metric.P99: 99}
OF_WHAT: Mapping[Metric, str] = {
    Metric.ACHIEVED_TPS: "the target",
    Metric.LOST: "the records generated",
    Metric.FAILED: "the records generated",
    Metric.THROTTLED: "the records offered",
}
"""What a percentage is of; of the others there is none."""


class BadThreshold(ValueError):
    """A text that is no threshold: what is wrong, and what to try."""

    def __init__(self, problem: str, advice: str) -> None:
        self.problem = problem
        self.advice = advice
        super().__init__(f"{problem}: {advice}")


@dataclass(frozen=True)
class Threshold:
    """One threshold; `phase` is None for the whole demo, `limit` in UNITS or, if so, percent."""

    phase: int | None
    metric: Metric
    operator: str
    limit: float
    percent: bool = False

    @property
    def unit(self) -> str:
        """Of the limit and of the value that is held against it."""
        return "%" if self.percent else UNITS[self.metric]

    def __str__(self) -> str:
        """As it is written, without blanks that say nothing."""
        scope = "" if self.phase is None else f"phase {self.phase}: "
        number = f"{self.limit:.6f}".rstrip("0").rstrip(".")
        return f"{scope}{self.metric}{self.operator}{number}{'%' if self.percent else ''}"


class Trend(StrEnum):
    """Which way a value may still go."""

    NONE = "none"
    GROWS = "grows"
    FALLS = "falls"
    EITHER = "either"


@dataclass(frozen=True)
class Reading:
    """What is known of a metric; `value` is None while nothing is, and inf for `never`."""

    value: float | None
    trend: Trend = Trend.NONE


UNKNOWN = Reading(None)


@dataclass(frozen=True)
class Verdict:
    """A threshold, and whether it holds; both None where that can't be told, or not yet."""

    threshold: Threshold
    value: float | None
    ok: bool | None


def parse(text: object) -> Threshold:
    """The threshold that a text is. Raises BadThreshold."""
    if not isinstance(text, str):
        raise BadThreshold(f"is {shown(text)}, not a text", f"write it as {EXAMPLES}")
    if len(text) > MAX_LENGTH:
        raise BadThreshold(f"has {len(text)} characters", f"give at most {MAX_LENGTH}")
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise BadThreshold(
            f"is {shown(text)}, no metric, comparison and number", f"write it as {EXAMPLES}"
        )
    phase, name, operator, limit = found.groups()
    metric = _metric(name)
    number, percent = _limit(metric, limit)
    return Threshold(_phase(metric, phase), metric, _operator(operator), number, percent)


def judge(threshold: Threshold, reading: Reading) -> Verdict:
    """The verdict by this reading, if nothing that may still come can change it."""
    value = reading.value
    if value is None or math.isnan(value):
        return Verdict(threshold, None, None)
    ok = _OPERATORS[threshold.operator](value, threshold.limit)
    if not _stays(threshold, value, ok, reading.trend):
        return Verdict(threshold, None, None)
    return Verdict(threshold, value, ok)


def _stays(threshold: Threshold, value: float, ok: bool, trend: Trend) -> bool:
    """Whether the answer is the same for every value that this one may still become."""
    if trend in (Trend.NONE, Trend.EITHER):
        return trend is Trend.NONE
    away = value > threshold.limit if trend is Trend.GROWS else value < threshold.limit
    if threshold.operator == "==":
        return away
    holds_beyond = threshold.operator[0] == (">" if trend is Trend.GROWS else "<")
    return ok if holds_beyond else not ok


def patterns() -> Iterator[str]:
    """Regular expressions of all texts that may be given, one of which matches; for OpenAPI."""
    number = r"[0-9]{1,9}(\.[0-9]{1,6})?"
    compared = f"({'|'.join(_OPERATORS)})"
    scope = f"(phase [{_PHASES[0]}-{_PHASES[-1]}]: )?"
    for names, before, after in (
        ([*OF_WHAT], scope, "%?"),
        ([metric for metric in Metric if metric not in OF_WHAT and _of_a_phase(metric)], scope, ""),
        ([metric for metric in Metric if not _of_a_phase(metric)], "", ""),
    ):
        yield f"^{before}({'|'.join(names)}){compared}{number}{after}$"


def _of_a_phase(metric: Metric) -> bool:
    return metric is not Metric.COST


def _metric(name: str) -> Metric:
    try:
        return Metric(name)
    except ValueError:
        known = ", ".join(Metric)
        raise BadThreshold(f"measures {shown(name)}, which is unknown", f"use {known}") from None


def _phase(metric: Metric, number: str | None) -> int | None:
    if number is None:
        return None
    if not _of_a_phase(metric):
        raise BadThreshold(f"asks for the {metric} of a phase", "leave the phase out")
    if number not in _PHASES:
        choice = f"{', '.join(_PHASES[:-1])} or {_PHASES[-1]}"
        raise BadThreshold(f"is about phase {number:.{MOST}}", f"give phase {choice}")
    return int(number)


def _operator(text: str) -> str:
    if text not in _OPERATORS:
        raise BadThreshold(f"compares by {text:.{MOST}}", f"use one of {' '.join(_OPERATORS)}")
    return text


def _limit(metric: Metric, text: str) -> tuple[float, bool]:
    found = _LIMIT.fullmatch(text)
    unit = UNITS[metric]
    if found is None:
        raise BadThreshold(
            f"compares with {shown(text)}",
            f"give a number in {unit}, of up to 9 digits and 6 decimals",
        )
    if found[2] and metric not in OF_WHAT:
        raise BadThreshold(f"compares {metric} with a percentage", f"give it in {unit}")
    return float(found[1]), bool(found[2])
