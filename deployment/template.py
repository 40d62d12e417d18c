"""The CloudFormation template as it is sent: infrastructure.yaml with the workflow inside.

The plan and the states are written once, in statemachine.json, so the template holds a placeholder
for them. Pure: texts in, texts out.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

from deployment.errors import DeploymentError

PLACEHOLDER = "STATE_MACHINE_DEFINITION"

MAX_TEMPLATE_BYTES = 51_200
"""What CreateStack takes as TemplateBody (botocore model `cloudformation`, shape TemplateBody)."""

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,31}")
OWN_SUFFIXES = ("controller", "demo", "stream", "worker")
"""How the names of a stage's own resources go on after the stack's: another stage that is called so
would share them, and be removed with them."""
_TAKEN = re.compile(rf"-({'|'.join(OWN_SUFFIXES)})(-|$)")


class TemplateError(DeploymentError):
    """The template cannot be rendered, or not be sent."""


class ParameterError(DeploymentError):
    """A --parameter that infrastructure.yaml doesn't have."""


class StageError(DeploymentError):
    """A stage's name that AWS would refuse as part of a resource's name."""


def rendered(template: str, state_machine: str) -> str:
    """The template with the placeholder replaced by the workflow, without the blanks in its JSON.

    Raises TemplateError if the placeholder is not there exactly once, if the workflow is not JSON,
    or if the result is larger than MAX_TEMPLATE_BYTES.
    """
    value = f": {PLACEHOLDER}\n"
    if template.count(value) != 1:
        raise TemplateError(f"infrastructure.yaml must have one value {PLACEHOLDER}")
    try:
        definition = json.loads(state_machine)
    except ValueError as error:
        raise TemplateError(f"statemachine.json is not JSON: {error}") from error
    compact = json.dumps(definition, ensure_ascii=False, separators=(",", ":"))
    # Not json.dumps: YAML reads JSON's escapes of characters beyond the BMP as something else.
    scalar = yaml.safe_dump(compact, default_style='"', width=math.inf)
    text = template.replace(value, f": {scalar}")
    size = len(text.encode())
    if size > MAX_TEMPLATE_BYTES:
        raise TemplateError(
            f"the template with the workflow inside has {size:,} bytes; "
            f"CloudFormation takes {MAX_TEMPLATE_BYTES:,}"
        )
    return text


def stack_name(application: str, stage: str) -> str:
    """The stack of a stage, from which all other names are derived; raises StageError."""
    if not _STAGE.fullmatch(stage):
        raise StageError(
            f"stage {stage!r}: lower-case letters, digits and hyphens, a letter first, "
            "32 characters at most; choose another --stage"
        )
    if _TAKEN.search(stage):
        raise StageError(
            f"stage {stage!r}: {', '.join(f'-{suffix}' for suffix in OWN_SUFFIXES)} in it are kept "
            "for the names of a stage's own resources; choose another --stage"
        )
    return f"{application}-{stage}"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's YAML, in which !Sub and its like are tags, as plain data."""


_Loader.add_multi_constructor("!", lambda _loader, tag, _node: f"!{tag}")


def section(template: str, name: str) -> dict[str, Any]:
    """A section of a template, such as Parameters; what its functions would answer is left out."""
    loader = _Loader(template)
    try:
        found: dict[str, Any] = loader.get_single_data().get(name, {})
    finally:
        loader.dispose()
    return found


def effective_parameters(
    template: str, previous: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """The values that a deployment sends: what is given, else what the stack has already.

    So a deployment that repeats no --parameter changes none: it neither moves the workers to
    another network nor lifts a limit. Raises ParameterError if the template doesn't know a name.
    """
    known = section(template, "Parameters")
    if unknown := sorted(given.keys() - known.keys()):
        raise ParameterError(
            f"--parameter {', '.join(unknown)}: infrastructure.yaml has {', '.join(sorted(known))}"
        )
    kept = {name: value for name, value in previous.items() if name in known}
    return {**kept, **given}


def default(template: str, parameter: str) -> str:
    """What a parameter is if nobody gives it."""
    return str(section(template, "Parameters")[parameter]["Default"])


def image_tag(sources: Mapping[str, bytes], processor: str = "X86_64") -> str:
    """A tag for the image of these sources (path to content): the same for the same content.

    An image is for one kind of processor, so another kind is another tag.
    """
    digest = hashlib.sha256() if processor == "X86_64" else hashlib.sha256(processor.encode())
    for path in sorted(sources):
        digest.update(f"{path}\0{len(sources[path])}\0".encode())
        digest.update(sources[path])
    return digest.hexdigest()[:12]
