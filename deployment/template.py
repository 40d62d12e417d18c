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

import yaml

from deployment.errors import DeploymentError

PLACEHOLDER = "STATE_MACHINE_DEFINITION"

MAX_TEMPLATE_BYTES = 51_200
"""What CreateStack takes as TemplateBody (botocore model `cloudformation`, shape TemplateBody)."""

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,31}")


class TemplateError(DeploymentError):
    """The template cannot be rendered, or not be sent."""


class StageError(DeploymentError):
    """A stage's name that AWS would refuse as part of a resource's name."""


def rendered(template: str, state_machine: str) -> str:
    """The template with the placeholder replaced by the workflow's text.

    Raises TemplateError if the placeholder is not there exactly once, if the workflow is not JSON,
    or if the result is larger than MAX_TEMPLATE_BYTES.
    """
    value = f": {PLACEHOLDER}\n"
    if template.count(value) != 1:
        raise TemplateError(f"infrastructure.yaml must have one value {PLACEHOLDER}")
    try:
        json.loads(state_machine)
    except ValueError as error:
        raise TemplateError(f"statemachine.json is not JSON: {error}") from error
    # Not json.dumps: YAML reads JSON's escapes of characters beyond the BMP as something else.
    scalar = yaml.safe_dump(state_machine, default_style='"', width=math.inf)
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
            "32 characters at most"
        )
    return f"{application}-{stage}"


def image_tag(sources: Mapping[str, bytes]) -> str:
    """A tag for the image of these sources (path to content): the same for the same content."""
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(f"{path}\0{len(sources[path])}\0".encode())
        digest.update(sources[path])
    return digest.hexdigest()[:12]
