"""Prints the password with which docker may push to this account's ECR for the next 12 hours.

    python -m deployment.registry | docker login --username AWS --password-stdin <registry>

The AWS CLI has a command for it, but only this needs it. (12 hours: botocore model `ecr`,
GetAuthorizationToken.)
"""

from __future__ import annotations

import base64
import sys

import boto3

from deployment.errors import exit_code


def main() -> int:
    """Prints the password to stdout."""

    def step() -> None:
        answer = boto3.client("ecr").get_authorization_token()
        token = answer["authorizationData"][0]["authorizationToken"]
        _user, _colon, password = base64.b64decode(token).decode().partition(":")
        print(password)

    return exit_code(step)


if __name__ == "__main__":
    sys.exit(main())
