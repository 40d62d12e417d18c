"""The Lambdas' environment, read once and whole, so that one error names all that is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.errors import ConfigurationError
from chalicelib.plan import DEFAULT_PER_TASK_CAPACITY

_REQUIRED = (
    "STATE_MACHINE_ARN",
    "ECS_CLUSTER",
    "TASK_DEFINITION_FAMILY",
    "STREAM_NAME",
    "SUBNET_IDS",
    "SECURITY_GROUP_IDS",
)
_CAPACITY = "PER_TASK_CAPACITY"


@dataclass(frozen=True)
class Settings:
    """Where the demo's infrastructure is; deploy.sh takes it from the stack's outputs."""

    state_machine_arn: str
    ecs_cluster: str
    task_definition_family: str
    stream_name: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]


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


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
