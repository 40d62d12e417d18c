"""Tells where the deployed API answers.

On AWS that is the address in Chalice's record, the one that `chalice url` prints. An embedded AWS
has no host name for each API; there the API is a path of AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from deployment.errors import DeploymentError


class NotDeployedError(DeploymentError):
    """Chalice has no record of an API of this stage."""


def api_url(bundle: Path, stage: str, endpoint: str | None) -> str:
    """The API's base URL, without a slash at its end; raises NotDeployedError.

    `bundle` is the copy of api/ that was deployed, `endpoint` the value of AWS_ENDPOINT_URL.
    """
    record = bundle / ".chalice/deployed" / f"{stage}.json"
    try:
        for resource in json.loads(record.read_text())["resources"]:
            if resource["resource_type"] == "rest_api":
                return reachable(
                    resource["rest_api_id"], resource["rest_api_url"].rstrip("/"), endpoint
                )
    except FileNotFoundError:
        pass
    except (ValueError, LookupError, TypeError) as error:  # cut short while it was written
        raise NotDeployedError(
            f"{record} can't be read: `deploy.sh --stage {stage}` writes it anew"
        ) from error
    raise NotDeployedError(f"{record} names no API: `deploy.sh --stage {stage}` makes one")


def address(api_id: str, region: str, gateway_stage: str) -> str:
    """An API's base URL on AWS, as Chalice writes it into its record."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{api_id}.execute-api.{region}.{suffix}/{gateway_stage}"


def reachable(api_id: str, on_aws: str, endpoint: str | None) -> str:
    """The base URL under which an API answers, by its URL on AWS.

    An empty AWS_ENDPOINT_URL is none: botocore sees it so.
    """
    if not endpoint:
        return on_aws
    gateway_stage = urlsplit(on_aws).path.strip("/")
    return f"{endpoint.rstrip('/')}/restapis/{api_id}/{gateway_stage}/_user_request_"
