"""The Lambdas' environment, read once and whole, so that one error names all that is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.budget import Budget
from chalicelib.errors import ConfigurationError
from chalicelib.plan import DEFAULT_PER_TASK_CAPACITY, MAX_DURATION_SECONDS, MAX_TARGET_TPS

_REQUIRED = (
    "STATE_MACHINE_ARN",
    "ECS_CLUSTER",
    "TASK_DEFINITION_FAMILY",
    "STREAM_NAME",
    "SUBNET_IDS",
    "SECURITY_GROUP_IDS",
)
_CAPACITY = "PER_TASK_CAPACITY"
_KEPT_STREAM = "KEPT_STREAM"
_MONITORING = "MONITORING"
_AUTH = "API_AUTH"
_GUARDED = {"iam": True, "none": False}
_MOST_DEMOS = 1_000
"""ListExecutions tells of so many in one call (botocore: maxResults)."""


@dataclass(frozen=True)
class Settings:
    """Where the demo's infrastructure is; deploy.sh takes it from the stack's outputs."""

    state_machine_arn: str
    ecs_cluster: str
    task_definition_family: str
    stream_name: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]

    @property
    def region(self) -> str:
        """Where all of it is."""
        return self.state_machine_arn.split(":")[3]


def read(environment: Mapping[str, str]) -> Settings:
    """The settings. ConfigurationError names every one that is missing or unreadable."""
    missing = [name for name in _REQUIRED if not _listed(environment.get(name, ""))]
    arn = environment.get("STATE_MACHINE_ARN", "")
    unreadable = [] if "STATE_MACHINE_ARN" in missing or ":stateMachine:" in arn else [arn]
    if missing or unreadable:
        problems = [f"{name} is missing" for name in missing]
        problems += [
            f"STATE_MACHINE_ARN is {text!r}, no state machine's ARN" for text in unreadable
        ]
        raise ConfigurationError(f"{'; '.join(problems)}: run deploy.sh, which sets them")
    return Settings(
        state_machine_arn=arn,
        ecs_cluster=environment["ECS_CLUSTER"],
        task_definition_family=environment["TASK_DEFINITION_FAMILY"],
        stream_name=environment["STREAM_NAME"],
        subnet_ids=_listed(environment["SUBNET_IDS"]),
        security_group_ids=_listed(environment["SECURITY_GROUP_IDS"]),
    )


def has_kept_stream(environment: Mapping[str, str]) -> bool:
    """Whether the stack has a stream of its own, as it has unless KEPT_STREAM is `no`."""
    return environment.get(_KEPT_STREAM, "yes") != "no"


def has_monitoring(environment: Mapping[str, str]) -> bool:
    """Whether the stack has a dashboard and alarms, as it has unless MONITORING is `off`."""
    return environment.get(_MONITORING, "on") != "off"


def per_task_capacity(environment: Mapping[str, str]) -> float:
    """Records per second that one task is given. ConfigurationError if it is no positive number."""
    text = environment.get(_CAPACITY, "").strip()
    if not text:
        return DEFAULT_PER_TASK_CAPACITY
    try:
        capacity = float(text)
    except ValueError:
        capacity = math.nan
    if not 0 < capacity < math.inf:
        raise ConfigurationError(f"{_CAPACITY} is {text!r}: give a number of records/s above 0")
    return capacity


def budget(environment: Mapping[str, str]) -> Budget:
    """The budget guard. ConfigurationError names every number that can't be read.

    A variable that isn't set stands for Budget's own default.
    """
    default = Budget()
    read = {
        "MAX_TPS": (default.max_tps, MAX_TARGET_TPS),
        "MAX_DEMOS": (default.max_demos, _MOST_DEMOS),
        "MAX_DURATION_SECONDS": (default.max_duration_seconds, MAX_DURATION_SECONDS),
    }
    found, problems = {}, []
    for name, (unset, most) in read.items():
        text = environment.get(name, "").strip() or f"{unset:.0f}"
        digits = text.lstrip("0")  # CloudFormation passes 007 on as it is
        if digits.isascii() and digits.isdigit() and len(digits) <= len(str(most)):
            found[name] = int(digits) if int(digits) <= most else 0
        if not found.get(name):
            problems.append(f"{name} is {text!r}, not a whole number from 1 to {most:,}")
    if problems:
        raise ConfigurationError(f"{'; '.join(problems)}: run deploy.sh, which sets them")
    return Budget(found["MAX_TPS"], found["MAX_DEMOS"], found["MAX_DURATION_SECONDS"])


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def guarded(environment: Mapping[str, str]) -> bool:
    """Whether the API takes signed requests only: always, unless API_AUTH is `none`.

    ConfigurationError for anything but `iam` and `none`: a guard that is misspelt must not be open.
    """
    text = environment.get(_AUTH, "iam")
    if text not in _GUARDED:
        raise ConfigurationError(f"{_AUTH} is {text!r}, not iam or none: run deploy.sh --auth iam")
    return _GUARDED[text]
