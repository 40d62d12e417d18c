"""A phase's task definition: the base's, with the phase in the container's environment. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.contract import CONTROLLER_MODE, Env
from chalicelib.demo_state import DEFAULT_METRICS_INTERVAL
from chalicelib.errors import AwsUnavailable
from chalicelib.plan import Phase
from chalicelib.usage import DEFAULT_POST_BYTES, Workers

CONTAINER = "worker"
_CPU_UNITS, _MIB = 1024, 1024
"""Of a vCPU and of a GB, in a task definition's cpu and memory (ECS developer guide)."""


def phase_environment(
    demo_id: str,
    phase: Phase,
    ends_at: float,
    own_stream: str | None = None,
    record: str | None = None,
) -> dict[str, str]:
    """What a worker learns of its phase; `ends_at` in epoch seconds.

    `own_stream` is the demo's own, if it has one; the base's environment names the stack's.
    `record` is a template's text, if the demo's records go by one.
    """
    own = {} if own_stream is None else {str(Env.STREAM_NAME): own_stream}
    own |= {} if record is None else {str(Env.RECORD_TEMPLATE): record}
    return own | {
        Env.CONTROLLER_MODE: CONTROLLER_MODE,
        Env.DEMO_ID: demo_id,
        Env.DEMO_PHASE: str(phase.phase_number),
        Env.TARGET_TPS: str(phase.target_tps),
        Env.TASK_COUNT: str(phase.task_count),
        Env.PHASE_ENDS_AT: f"{ends_at:.3f}",
    }


def derived(
    base: Mapping[str, Any],
    *,
    family: str,
    environment: Mapping[str, str],
    registerable: Iterable[str],
) -> dict[str, Any]:
    """RegisterTaskDefinition's arguments: `base` as described, in another family, with the overlay.

    `registerable` are the arguments' names: a description has more fields than can be registered.
    AwsUnavailable if the base has no container named `worker`.
    """
    _container(base)
    copied = {key: base[key] for key in registerable if base.get(key)}
    containers = [_overlaid(container, environment) for container in base["containerDefinitions"]]
    return copied | {"family": family, "containerDefinitions": containers}


def environment_of(definition: Mapping[str, Any]) -> dict[str, str]:
    """The worker container's environment. AwsUnavailable if there is no such container."""
    return {pair["name"]: pair["value"] for pair in _container(definition).get("environment", [])}


def metrics_interval_of(definition: Mapping[str, Any]) -> float:
    """Seconds between a worker's publications of metrics."""
    return float(
        environment_of(definition).get(Env.METRICS_PUBLISH_INTERVAL, DEFAULT_METRICS_INTERVAL)
    )


def workers_of(definition: Mapping[str, Any]) -> Workers:
    """What its tasks are, as far as they cost something. AwsUnavailable where that isn't said."""
    environment = environment_of(definition)
    publishes = environment.get(Env.ENABLE_CLOUDWATCH_METRICS, "true").strip().lower() == "true"
    platform = definition.get("runtimePlatform", {})
    try:
        return Workers(
            vcpu=float(definition["cpu"]) / _CPU_UNITS,
            memory_gb=float(definition["memory"]) / _MIB,
            arm=platform.get("cpuArchitecture") == "ARM64",
            aggregation=environment.get(Env.AGGREGATION, "off").strip().lower() == "on",
            post_bytes=int(environment.get(Env.POST_BYTES) or DEFAULT_POST_BYTES),
            metrics_interval=metrics_interval_of(definition) if publishes else None,
        )
    except (KeyError, ValueError) as error:
        raise AwsUnavailable(
            f"task definition {definition.get('family')} doesn't say what its tasks are"
            f" ({error!r}): run deploy.sh"
        ) from error


def _container(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    containers: list[Mapping[str, Any]] = definition["containerDefinitions"]
    for container in containers:
        if container["name"] == CONTAINER:
            return container
    raise AwsUnavailable(
        f"task definition {definition.get('family')} has no container {CONTAINER!r}: run deploy.sh"
    )


def _overlaid(container: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    if container["name"] != CONTAINER:
        return dict(container)
    kept = {pair["name"]: pair["value"] for pair in container.get("environment", [])}
    pairs = [{"name": str(name), "value": value} for name, value in {**kept, **environment}.items()]
    return {**container, "environment": pairs}
