"""The errors that end a deployment step, and the one place that reports them."""

from __future__ import annotations

import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError


class DeploymentError(Exception):
    """A step could not be done; the message says why, and what to try where that is known."""


def exit_code(step: Callable[[], None]) -> int:
    """Runs a step at the edge of a command: 0, or 1 and the error's message on stderr."""
    try:
        step()
    except (DeploymentError, BotoCoreError, ClientError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
