"""Brings the worker's image into the stage's registry, unless it is there.

The tag is a digest of the image's sources, so an image that is there is the right one and is
neither built nor pushed again. An embedded AWS (AWS_ENDPOINT_URL) runs no images and gets none.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from deployment import checkout
from deployment.errors import DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

PLATFORMS = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}
"""Docker's names of what ECS calls cpuArchitecture."""

_ABSENT = {"ImageNotFoundException", "RepositoryNotFoundException"}


class ImageError(DeploymentError):
    """Docker could not build the image, or not push it."""


def images_are_run() -> bool:
    """Whether the AWS that is meant runs images at all."""
    return not os.environ.get("AWS_ENDPOINT_URL")


def is_there(client: ECRClient, repository: str, tag: str) -> bool:
    """Whether the repository, if there is one, has an image of that tag."""
    try:
        # AWS raises for an image that isn't there, MiniStack lists none.
        answer = client.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return False
        raise
    return bool(answer["imageDetails"])


def commands(image: str, processor: str) -> list[list[str]]:
    """What builds the image for that kind of processor and pushes it, once docker is logged in."""
    build = ["docker", "build", "--platform", PLATFORMS[processor], "--file", "worker/Dockerfile"]
    return [[*build, "--tag", image, "."], ["docker", "push", image]]


def password(client: ECRClient) -> str:
    """What docker may push with for 12 hours (botocore model `ecr`, GetAuthorizationToken)."""
    token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    _user, _colon, secret = base64.b64decode(token).decode().partition(":")
    return secret


def push(image: str, processor: str, say: Callable[[str], None]) -> None:
    """Builds the image and pushes it, unless it is there; raises ImageError."""
    client = boto3.client("ecr")
    location, _colon, tag = image.rpartition(":")
    registry, _slash, repository = location.partition("/")
    if is_there(client, repository, tag):
        say(f"{image}: is there")
        return
    say(f"{image}: building and pushing it")
    login = ["docker", "login", "--username", "AWS", "--password-stdin", registry]
    _run(login, password(client))
    for command in commands(image, processor):
        _run(command)


def _run(command: Sequence[str], stdin: str = "") -> None:
    outcome = subprocess.run(  # nosec B603 # docker, by arguments that deploy.sh makes
        command, cwd=checkout.ROOT, input=stdin, text=True, check=False
    )
    if outcome.returncode:
        raise ImageError(
            f"`{' '.join(command[:2])}` ended with {outcome.returncode}: its output above says "
            "why; run deploy.sh again when that is mended"
        )
