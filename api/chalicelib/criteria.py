"""By what a demo is judged, as its input says: its thresholds, and whether to stop at one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib import thresholds
from chalicelib.errors import FieldProblem
from chalicelib.shown import shown
from chalicelib.thresholds import MAX_THRESHOLDS, BadThreshold, Threshold

THRESHOLDS, ABORT = "thresholds", "abort_on_fail"
KEYS = frozenset({THRESHOLDS, ABORT})


@dataclass(frozen=True)
class Criteria:
    """What has to hold; `abort_on_fail`: the workflow stops as soon as one certainly doesn't."""

    thresholds: tuple[Threshold, ...] = ()
    abort_on_fail: bool = False


NO_CRITERIA = Criteria()


def problems(config: Mapping[str, object]) -> Iterator[FieldProblem]:
    """What is wrong with the two keys, each threshold by its index."""
    if THRESHOLDS in config:
        yield from _threshold_problems(config[THRESHOLDS])
    abort = config.get(ABORT, False)
    if not isinstance(abort, bool):
        yield FieldProblem(ABORT, f"is {shown(abort)}", "give true or false")


def read(config: Mapping[str, Any]) -> Criteria:
    """The criteria in an input that has no problems; an earlier version's says nothing of them."""
    wanted = tuple(thresholds.parse(text) for text in config.get(THRESHOLDS, ()))
    return Criteria(wanted, bool(config.get(ABORT, False)))


def to_json(criteria: Criteria) -> dict[str, Any]:
    """The two keys, as an execution's input and a demo_state carry them."""
    return {
        THRESHOLDS: [str(threshold) for threshold in criteria.thresholds],
        ABORT: criteria.abort_on_fail,
    }


def _threshold_problems(given: object) -> Iterator[FieldProblem]:
    if not isinstance(given, list):
        yield FieldProblem(
            THRESHOLDS, f"is {shown(given)}, not a list", 'give ["achieved_tps>=99%"]'
        )
        return
    if len(given) > MAX_THRESHOLDS:
        yield FieldProblem(
            THRESHOLDS, f"has {len(given)} entries", f"give at most {MAX_THRESHOLDS}"
        )
    first: dict[Threshold, int] = {}
    for index, text in enumerate(given[:MAX_THRESHOLDS]):
        try:
            threshold = thresholds.parse(text)
        except BadThreshold as bad:
            yield FieldProblem(f"{THRESHOLDS}[{index}]", bad.problem, bad.advice)
            continue
        if first.setdefault(threshold, index) != index:
            says = f"says what {THRESHOLDS}[{first[threshold]}] says"
            yield FieldProblem(f"{THRESHOLDS}[{index}]", says, "give it once")
