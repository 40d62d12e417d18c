"""Whether streams behave by the model, how fast, and how much they hold: the stack's environment.

ON_DEMAND_MODEL  on, or off (default): a stream takes whatever comes
TIME_SCALE       how many times faster a stream reacts than AWS's would (default 1)
STREAM_MEMORY    MiB that the records of all streams may take (default 4096); beyond it the oldest
                 leave, as they do on AWS by age
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ondemand.policy import MIB, Policy

STREAM_MEMORY = "4096"
_LEAST_MEMORY = 16


class BadModelSettings(ValueError):
    """A variable that can't be read; the message names every one."""


def policy_of(environment: Mapping[str, str]) -> Policy | None:
    """The policy of this stack's streams; None without a model. Raises BadModelSettings."""
    switch, scale = environment.get("ON_DEMAND_MODEL", "off"), environment.get("TIME_SCALE", "1")
    memory = environment.get("STREAM_MEMORY", STREAM_MEMORY)
    problems = []
    if switch not in ("on", "off"):
        problems.append(f"ON_DEMAND_MODEL is {switch!r}: give on or off")
    factor = _number(scale)
    if not 1 <= factor < math.inf:
        problems.append(f"TIME_SCALE is {scale!r}: give a number from 1 on")
    if not _LEAST_MEMORY <= _number(memory) < math.inf:
        problems.append(f"STREAM_MEMORY is {memory!r}: give MiB, {_LEAST_MEMORY} or more")
    if problems:
        raise BadModelSettings("; ".join(problems))
    return Policy().faster(factor) if switch == "on" else None


def most_bytes(environment: Mapping[str, str]) -> int:
    """What the records of all streams may take. Raises BadModelSettings."""
    policy_of(environment)
    return int(float(environment.get("STREAM_MEMORY", STREAM_MEMORY)) * MIB)


def described(environment: Mapping[str, str]) -> str:
    """The model in words, for whoever shows what the streams did; "" without one."""
    if policy_of(environment) is None:
        return ""
    scale = float(environment.get("TIME_SCALE", "1"))
    return f"model of on-demand scaling, which reacts {scale:g} times faster than AWS's"


def settings_of(switch: str, scale: str, memory: str = STREAM_MEMORY) -> dict[str, str]:
    """The variables for a stack. Raises BadModelSettings."""
    settings = {"ON_DEMAND_MODEL": switch, "TIME_SCALE": scale, "STREAM_MEMORY": memory}
    policy_of(settings)
    return settings


def label_of(settings: Mapping[str, str]) -> str:
    """What to tell whoever sees these streams: that it is a model, and how fast; or that it isn't.

    `settings` are settings_of's.
    """
    if settings["ON_DEMAND_MODEL"] == "off":
        return "Streams take whatever comes and never grow: there is no model of on-demand scaling"
    scale = float(settings["TIME_SCALE"])
    pace = f"{scale:g} times faster than AWS's" if scale > 1 else "as slowly as AWS's"
    return f"Streams behave by a model of on-demand scaling (docs/model.md), which reacts {pace}"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
