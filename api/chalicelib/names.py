"""What a demo and its resources are called. Pure.

The demo's id is its execution's name, so it also has to fit into an ECS service and a task
definition family, both of letters, digits, `-` and `_`, 255 at most (botocore: ECS CreateService,
RegisterTaskDefinition), and a demo with a stream of its own into that stream's name.
"""

from __future__ import annotations

import re
from datetime import datetime

MAX_NAME_LENGTH = 64
"""The longest name that POST accepts."""

MAX_STREAM_NAME_LENGTH = 128
"""botocore: Kinesis CreateStream, StreamName."""

LOCAL_DEMO_ID = "local"
"""The demo of a controller event that comes from no execution."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Step Functions takes 80 characters (botocore: StartExecution), for executions started without us.
_DEMO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_BASE_SUFFIX = "-worker"


def is_name(text: str) -> bool:
    """Whether POST accepts it: 1 to 64 of A-Z a-z 0-9 _ -, the first a letter or digit."""
    return _NAME.fullmatch(text) is not None


def is_demo_id(text: str) -> bool:
    """Whether a demo can have this id: as a name, but as long as an execution's may be (80)."""
    return _DEMO_ID.fullmatch(text) is not None


def unnamed(now: datetime, suffix: str) -> str:
    """The id of a demo that was given none: demo-<yyyymmdd-hhmmss>-<suffix>, `now` in UTC."""
    return f"demo-{now:%Y%m%d-%H%M%S}-{suffix}"


def service_of(demo_id: str) -> str:
    """The demo's ECS service."""
    return f"demo-{demo_id}"


def family_of(demo_id: str, base_family: str) -> str:
    """The demo's task definition family: <stack>-demo-<id>, as the base is <stack>-worker."""
    return f"{base_family.removesuffix(_BASE_SUFFIX)}-demo-{demo_id}"


def stream_of(demo_id: str, base_family: str) -> str:
    """The demo's own stream, if it has one: <stack>-demo-<id>, as its family is called."""
    return family_of(demo_id, base_family)
