"""The error that ends a deployment step."""

from __future__ import annotations


class DeploymentError(Exception):
    """A step could not be done; the message says why, and what to try where that is known."""
