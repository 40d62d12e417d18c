"""Tells where the deployed API answers.

    python -m deployment.api_url --stage production --bundle <folder>

On AWS that is the address in Chalice's record, the one that `chalice url` prints. An embedded AWS
has no host name for each API; there the API is a path of AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from deployment.errors import DeploymentError, exit_code


class NotDeployedError(DeploymentError):
    """Chalice has no record of an API of this stage."""


def api_url(bundle: Path, stage: str, endpoint: str | None) -> str:
    """The API's base URL, without a slash at its end; raises NotDeployedError.

    `bundle` is the copy of api/ that was deployed, `endpoint` the value of AWS_ENDPOINT_URL.
    """
    record = bundle / ".chalice/deployed" / f"{stage}.json"
    resources = json.loads(record.read_text())["resources"] if record.exists() else []
    for resource in resources:
        if resource["resource_type"] == "rest_api":
            return _url(resource["rest_api_id"], resource["rest_api_url"].rstrip("/"), endpoint)
    raise NotDeployedError(f"{record} names no API: `deploy.sh --stage {stage}` makes one")


def _url(api_id: str, url_on_aws: str, endpoint: str | None) -> str:
    if endpoint is None:
        return url_on_aws
    gateway_stage = urlsplit(url_on_aws).path.strip("/")
    return f"{endpoint.rstrip('/')}/restapis/{api_id}/{gateway_stage}/_user_request_"


def main() -> int:
    """Prints the URL of the stage that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m deployment.api_url")
    parser.add_argument("--stage", required=True)
    parser.add_argument("--bundle", required=True, type=Path)
    arguments = parser.parse_args()

    def step() -> None:
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        print(api_url(arguments.bundle, arguments.stage, endpoint))

    return exit_code(step)


if __name__ == "__main__":
    sys.exit(main())
