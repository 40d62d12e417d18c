"""What a stranger could do with an API that asks nobody who they are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deployment.template import default

LIMITS = ("MaxTps", "MaxDemos", "MaxDurationSeconds")
"""The template's parameters for it."""


@dataclass(frozen=True)
class Limits:
    """The budget guard: what the API refuses to exceed."""

    max_tps: int
    max_demos: int
    max_duration_seconds: int


def limits(template: str, parameters: Mapping[str, str]) -> Limits:
    """The limits of a stack with these parameters: infrastructure.yaml's defaults else."""

    return Limits(*(int(parameters.get(name) or default(template, name)) for name in LIMITS))


def warning(guard: Limits, dollars_an_hour: float) -> str:
    """The warning of `--auth none`."""
    records = guard.max_tps * guard.max_demos
    return (
        "WARNING: --auth none: whoever has the URL can start demos on your account, "
        f"{guard.max_demos} at once, each of up to {guard.max_tps:,} records/s for "
        f"{guard.max_duration_seconds:,} s, again and again: {records:,} records/s without end, "
        f"about {dollars_an_hour:,.2f} US dollars an hour. --parameter MaxTps=…, MaxDemos=… and "
        "MaxDurationSeconds=… lower that; deploying without --auth none closes it."
    )
