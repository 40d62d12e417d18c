"""Finds a stage's REST API by what it calls.

Chalice gives the APIs of all stages the application's name, and knows its own only by the id in its
record. But each route of an API names the Lambda function that answers it, and that is one stage's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from deployment.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient


DELETE_SECONDS = 30.0
"""DeleteRestApi may be called once in so many seconds by an account (API Gateway developer guide,
quotas for creating, deploying and managing an API), which botocore's retries don't wait."""
_DELETE_ATTEMPTS = 5


def apis_of(client: APIGatewayClient, stage: Stage) -> list[str]:
    """The ids of the stage's REST APIs, oldest first; an interrupted deployment may leave two."""
    pages = client.get_paginator("get_rest_apis").paginate()
    named = [api for page in pages for api in page["items"] if api["name"] == stage.application]
    named.sort(key=lambda api: str(api.get("createdDate", "")))
    return [api["id"] for api in named if _calls(client, api["id"], stage.api_function)]


def delete(client: APIGatewayClient, api_id: str, say: Callable[[str], None]) -> None:
    """Deletes an API that isn't gone, waiting for its turn; ClientError if that never comes."""
    for attempts_left in reversed(range(_DELETE_ATTEMPTS)):
        try:
            client.delete_rest_api(restApiId=api_id)
        except client.exceptions.NotFoundException:
            return
        except client.exceptions.TooManyRequestsException:
            if not attempts_left:
                raise
            say(f"REST API {api_id}: AWS deletes one in {DELETE_SECONDS:.0f} s, waiting")
            time.sleep(DELETE_SECONDS)
        else:
            say(f"REST API {api_id}: deleted")
            return


def _calls(client: APIGatewayClient, api_id: str, function: str) -> bool:
    try:
        return any(function_of(uri) == function for uri in _integrations(client, api_id))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":  # deleted since it was listed
            return False
        raise


def _integrations(client: APIGatewayClient, api_id: str) -> Iterator[str]:
    pages = client.get_paginator("get_resources").paginate(restApiId=api_id, embed=["methods"])
    for page in pages:
        for resource in page["items"]:
            methods: Mapping[str, Any] = resource.get("resourceMethods", {})
            for method in methods.values():
                yield method.get("methodIntegration", {}).get("uri", "")


def function_of(uri: str) -> str:
    """The name of the Lambda function that an integration's URI calls; empty if it calls none.

    arn:aws:apigateway:<region>:lambda:path/2015-03-31/functions/arn:aws:lambda:…:function:<name>/…
    """
    _before, found, after = uri.partition(":function:")
    return after.partition("/")[0].partition(":")[0] if found else ""
