"""What the API says of a demo's thresholds: in lines for a person, and as an exit code. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DONE, FAILED, CROSSED = 0, 1, 99
"""99 is what k6 ends with when a threshold is crossed."""
SUCCEEDED = "SUCCEEDED"
STOPPED_BY_ONE = "ThresholdCrossed"
"""The error of a demo that stopped at a threshold, as it was told to."""

Demo = Mapping[str, Any]
Verdict = Mapping[str, Any]
_HELD = {True: "held", False: "crossed", None: "not known"}


def exit_code(demo: Demo) -> int:
    """What a demo that is over comes to. Nothing passes that isn't known."""
    found = verdicts(demo)
    if demo["status"] != SUCCEEDED and demo.get("error") != STOPPED_BY_ONE:
        return FAILED
    if any(verdict["ok"] is False for verdict in found):
        return CROSSED
    return DONE if demo["status"] == SUCCEEDED and all(v["ok"] for v in found) else FAILED


def pending(demo: Demo) -> bool:
    """Whether the demo is over and some of its thresholds may still be judged."""
    return demo["status"] == SUCCEEDED and any(v["ok"] is None for v in verdicts(demo))


def lines(demo: Demo) -> list[str]:
    """A line for each threshold, with what it was held against."""
    return [f"threshold {v['threshold']}: {_HELD[v['ok']]}{_value(v)}" for v in verdicts(demo)]


def asked(demo: Demo) -> list[str]:
    """POST's answer: what the demo is going to be judged by."""
    if not demo.get("thresholds"):
        return []
    stops = "; it stops at one that is crossed" if demo.get("abort_on_fail") else ""
    return [f"thresholds: {', '.join(demo['thresholds'])}{stops}"]


def in_short(demo: Demo) -> str:
    """How many were crossed or are not known, as the end of a sentence; nothing if all held."""
    found = verdicts(demo)
    said = []
    for ok in (False, None):
        number = sum(verdict["ok"] is ok for verdict in found)
        if number:
            said.append(f"{number} {_HELD[ok]}")
    noun = "threshold" if len(found) == 1 else "thresholds"
    return f", of {len(found)} {noun} {', '.join(said)}" if said else ""


def verdicts(demo: Demo) -> list[Verdict]:
    """The demo's; none if the API knows no thresholds."""
    return list(demo.get("thresholds") or ())


def _value(verdict: Verdict) -> str:
    if verdict["value"] is None:
        return "" if verdict["ok"] is None else ", never reached"
    value, unit = verdict["value"], verdict["unit"]
    number = f"{value:,.{3 if value >= 1 else 6}f}".rstrip("0").rstrip(".")
    return f", {number}{unit if unit == '%' else f' {unit}'}"
