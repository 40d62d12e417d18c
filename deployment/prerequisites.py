"""Names everything that is missing before a deployment begins, all at once.

    python -m deployment.prerequisites

Docker is wanted for the worker's image. Where AWS_ENDPOINT_URL points to an embedded AWS, whose ECS
runs no images, there is none to build.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deployment.errors import DeploymentError, exit_code


class PrerequisitesError(DeploymentError):
    """Something that the deployment needs is not there."""


def missing(docker_wanted: bool) -> list[str]:
    """A line for each thing that is missing, with what to do about it."""
    found = [
        _missing_package("chalice"),
        _missing_docker() if docker_wanted else "",
        _missing_credentials(),
    ]
    return [line for line in found if line]


def _missing_package(name: str) -> str:
    if find_spec(name):
        return ""
    return f"{name}: not installed in {sys.executable}; pip install -r requirements/dev.txt"


def _missing_docker() -> str:
    return "" if shutil.which("docker") else "docker: not on the PATH; it builds the worker's image"


def _missing_credentials() -> str:
    try:
        boto3.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return f"AWS credentials: {error}; AWS_PROFILE or AWS_ACCESS_KEY_ID can name them"
    return ""


def main() -> int:
    """Checks; the exit code is 1 if anything is missing."""

    def step() -> None:
        lines = missing(docker_wanted="AWS_ENDPOINT_URL" not in os.environ)
        if lines:
            raise PrerequisitesError("the deployment needs:\n" + "\n".join(f"  {x}" for x in lines))

    return exit_code(step)


if __name__ == "__main__":
    sys.exit(main())
