"""What this checkout says a stage should be: its names, its template, its worker image's tag."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployment.stage import Stage
from deployment.template import (
    default,
    effective_parameters,
    image_tag,
    rendered,
    stack_name,
)

ROOT = Path(__file__).resolve().parent.parent

TAG_PARAMETER = "WorkerImageTag"


def config() -> dict[str, Any]:
    """Chalice's configuration."""
    loaded: dict[str, Any] = json.loads((ROOT / "api/.chalice/config.json").read_text())
    return loaded


def stage_named(name: str) -> Stage:
    """The stage of that name; raises StageError if it can't be part of a resource's name."""
    application = str(config()["app_name"])
    return Stage(name=name, application=application, stack=stack_name(application, name))


def template() -> str:
    """infrastructure.yaml with the workflow in it; raises TemplateError."""
    infrastructure = (ROOT / "infrastructure.yaml").read_text()
    return rendered(infrastructure, (ROOT / "statemachine.json").read_text())


def parameters(previous: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The stack's parameters; `previous` are those that it has. Raises ParameterError."""
    text = template()
    values = effective_parameters(text, previous, given)
    tag = image_tag(_worker_sources(), processor(values))
    return {**values, TAG_PARAMETER: given.get(TAG_PARAMETER, tag)}


def processor(values: Mapping[str, str]) -> str:
    """X86_64 or ARM64, by the stack's parameters."""
    return values.get("Architecture") or default(template(), "Architecture")


def _worker_sources() -> dict[str, bytes]:
    paths = [
        *(ROOT / "worker").rglob("*.py"),
        *(ROOT / "worker").glob("Dockerfile"),
        ROOT / "requirements/worker.txt",
    ]
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in paths}
