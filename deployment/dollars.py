"""Where the API's price file meets the deployment: the two figures that deploy.sh states.

The only place in deployment/ that reads what is under api/: prices are written there once, since
the Lambda answers with them too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from chalicelib import cost, usage
from chalicelib.cost import Stack
from chalicelib.plan import Phase
from chalicelib.usage import Workers
from deployment.api_bundle import PER_TASK_CAPACITY
from deployment.spending import Limits, limits, warning
from deployment.template import default

_PHASES = 4
_HOUR_SECONDS = 3600


def dollars_an_hour(
    guard: Limits, template: str, parameters: Mapping[str, str], region: str
) -> float:
    """What MaxDemos demos at MaxTps cost an hour, each with a stream of its own, in USD."""
    phase_seconds = _HOUR_SECONDS // _PHASES
    tasks = math.ceil(guard.max_tps / PER_TASK_CAPACITY)
    phases = [Phase(number + 1, guard.max_tps, tasks, phase_seconds) for number in range(_PHASES)]
    workers = _workers(template, parameters)
    one = cost.estimate(phases, region=region, workers=workers, fresh_stream=True)
    return guard.max_demos * one.total


def warning_of(template: str, parameters: Mapping[str, str], region: str) -> str:
    """The warning of `--auth none`, with the stage's own limits."""
    guard = limits(template, parameters)
    return warning(guard, dollars_an_hour(guard, template, parameters, region))


def standing_cost(template: str, parameters: Mapping[str, str], region: str) -> str:
    """What the deployed stage costs while idle, in a line."""
    stack = Stack(
        kept_stream=_value(template, parameters, "KeptStream") == "yes",
        monitoring=_value(template, parameters, "Monitoring") == "on",
    )
    lines = cost.standing(region, stack)
    total = math.fsum(line.amount for line in lines)
    items = ", ".join(f"{line.item} {line.amount:.4f}" for line in lines)
    dated = min((line.price.as_of for line in lines), default="")
    return f"{total:.4f} USD an hour while idle ({items}; list prices, the oldest of {dated})"


def _workers(template: str, parameters: Mapping[str, str]) -> Workers:
    return Workers(
        vcpu=int(_value(template, parameters, "TaskCpu")) / 1024,
        memory_gb=int(_value(template, parameters, "TaskMemory")) / 1024,
        arm=_value(template, parameters, "Architecture") == "ARM64",
        aggregation=_value(template, parameters, "Aggregation") == "on",
        post_bytes=usage.DEFAULT_POST_BYTES,
        metrics_interval=float(_value(template, parameters, "MetricsPublishInterval")),
    )


def _value(template: str, parameters: Mapping[str, str], name: str) -> str:
    return parameters.get(name) or default(template, name)
