"""Signs requests to API Gateway, by AWS Signature Version 4 for the service `execute-api`."""

from __future__ import annotations

import os
from dataclasses import dataclass

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SERVICE = "execute-api"
DEFAULT_REGION = "us-east-1"
"""deploy.sh's own default."""


@dataclass(frozen=True)
class Signer:
    """Signs as one identity of AWS, for one region."""

    credentials: Credentials
    region: str

    def sign(self, request: AWSRequest) -> None:
        """Add the headers that authorize the request, as it is now."""
        # Frozen, since credentials that expire may be renewed between two looks at them.
        SigV4Auth(self.credentials.get_frozen_credentials(), SERVICE, self.region).add_auth(request)

    @property
    def described(self) -> str:
        """Whose signature it is, as far as can be told without asking AWS."""
        key = self.credentials.get_frozen_credentials().access_key or ""
        shown = key if len(key) < 12 else f"{key[:4]}…{key[-4:]}"
        source = _SOURCES.get(self.credentials.method, self.credentials.method)
        return f"key {shown} from {source}, for region {self.region}"


def with_key(access_key: str, secret_key: str, region: str, token: str | None = None) -> Signer:
    """Sign with this very key, whatever the environment says; `token` as temporary keys have it."""
    return Signer(Credentials(access_key, secret_key, token), region)


def of_this_user(region: str | None) -> Signer | None:
    """Sign as the AWS tools would do here; None if they would find no credentials.

    Without `region` it is the user's own, else DEFAULT_REGION. Raises BotoCoreError for credentials
    that are there and can't be used: a profile that doesn't exist, a login that ran out.
    """
    session = botocore.session.get_session()
    credentials = session.get_credentials()
    if credentials is None:
        return None
    own = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    return Signer(credentials, region or own or DEFAULT_REGION)


_SOURCES = {
    "explicit": "this program",
    "env": "the environment",
    "shared-credentials-file": "the shared credentials file",
    "config-file": "the AWS configuration file",
    "iam-role": "this machine's role",
    "container-role": "this container's role",
}
