"""Makes Chalice's record say what is really deployed, before `chalice deploy` goes by it.

Chalice finds its functions by name, but its API only by the id in its record
(chalice.deploy.planner, RemoteState), which it writes when everything is done. A deployment that
was killed before, or the first one from another machine, would therefore make a second API beside
the first. So the record is written anew from what is there: an API that calls our function is ours.
Of two, the one that the record names stays, else the older one; the other never had a caller.

It also waits until Lambda has finished what an interrupted deployment began: it refuses to be
changed before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3

from deployment import rest_apis
from deployment.api_url import address
from deployment.functions import Function, function, wait_until_settled
from deployment.stage import Stage


def record_of(
    functions: Mapping[str, Function], api_id: str | None, gateway_stage: str
) -> dict[str, Any]:
    """Chalice's record (schema 2.0) of these functions, by Chalice's names, and this API."""
    resources: list[dict[str, str]] = [
        {"name": name, "resource_type": "lambda_function", "lambda_arn": deployed.arn}
        for name, deployed in functions.items()
    ]
    if api_id:
        region = next(iter(functions.values())).arn.split(":")[3]
        resources.append(
            {
                "name": "rest_api",
                "resource_type": "rest_api",
                "rest_api_id": api_id,
                "rest_api_url": f"{address(api_id, region, gateway_stage)}/",
            }
        )
    return {"resources": resources, "schema_version": "2.0", "backend": "api"}


def api_to_keep(found: Sequence[str], recorded: str | None) -> str | None:
    """Of the APIs found, oldest first: the recorded one, else the oldest."""
    if recorded in found:
        return recorded
    return found[0] if found else None


def recorded_api(record: Path) -> str | None:
    """The API that a record names; none if it names none, or was cut short while written."""
    try:
        resources = json.loads(record.read_text())["resources"]
    except (FileNotFoundError, ValueError, KeyError):
        return None
    found = (r["rest_api_id"] for r in resources if r["resource_type"] == "rest_api")
    return next(found, None)


def rebuild(stage: Stage, bundle: Path, say: Callable[[str], None]) -> None:
    """Writes the record in the bundle; deletes APIs of ours that are one too many."""
    client = boto3.client("lambda")
    functions = {}
    for chalices_name, name in stage.functions.items():
        if deployed := function(client, stage, name):
            wait_until_settled(client, name)
            functions[chalices_name] = deployed
    record = bundle / ".chalice/deployed" / f"{stage.name}.json"
    gateway = boto3.client("apigateway")
    apis = rest_apis.apis_of(gateway, stage) if functions else []
    kept = api_to_keep(apis, recorded_api(record))
    for api_id in apis:
        if api_id != kept:
            say(f"REST API {api_id}: left by an interrupted deployment, deleting it")
            rest_apis.delete(gateway, api_id, say)
    record.parent.mkdir(parents=True, exist_ok=True)
    config = json.loads((bundle / ".chalice/config.json").read_text())
    document = record_of(functions, kept, config["api_gateway_stage"])
    partial = record.with_suffix(".part")
    partial.write_text(json.dumps(document, indent=2) + "\n")
    partial.rename(record)
