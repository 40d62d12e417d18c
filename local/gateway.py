"""What MiniStack lacks for `chalice deploy`, added in front of it.

An ASGI application that hands nearly every request on to MiniStack as it came, and mends those that
would fail or mislead otherwise. It uses nothing of MiniStack but the public API that it wraps, and
asks it questions of its own with the caller's credentials.

- ImportRestApi and PutRestApi, which MiniStack doesn't have, become the single calls that it has.
- UpdateRestApi as Chalice sends it would leave an API that botocore can't read any more: an empty
  `minimumCompressionSize` is no number, and the endpoint type's path goes into a list.
- CreateFunction and the two UpdateFunction calls answer when the function is ready. MiniStack takes
  half a second for that, but Chalice, told `Pending`, looks again only 5 s later, two to four times
  a deployment.
- Requests to the deployed API wait their turn, or are refused (local/admission.py).
- What is for Kinesis goes to the plane (local/kinesis), which keeps the records of streams.
- DescribeTaskDefinition answers in ECS's own spelling. MiniStack leaves parts of what came by
  way of CloudFormation in its spelling, which clients take for nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from local.admission import Admission, is_for_the_api
from local.asgi import Answer, Application, Message, Receive, Request, Send, ask, error, read
from local.kinesis.plane import KinesisPlane, is_for_kinesis
from local.swagger import ROOT, Call, UnsupportedSwaggerError, calls, settings

Mend: TypeAlias = Callable[[Application, Request], Awaitable[Answer]]

READY_SECONDS = 10.0
POLL_SECONDS = 0.02
_FUNCTIONS = "/2015-03-31/functions"
_DESCRIBE_TASK_DEFINITION = b"AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition"


class StepError(Exception):
    """MiniStack refused a step of a larger request; `answer` is what it said."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode(errors="replace"))
        self.answer = answer


@dataclass(frozen=True)
class Gateway:
    """MiniStack with the mends."""

    ministack: Application
    kinesis: KinesisPlane
    model: str = ""
    """What is told of the model that streams follow; nothing without one."""
    admission: Admission = field(default_factory=Admission)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serves one ASGI connection. Every answer tells whether streams follow a model."""
        send = _labelled(send, self.model)
        if scope["type"] == "http" and is_for_kinesis(scope):
            await (await self.kinesis.answer(await read(scope, receive))).send(send)
            return
        if is_for_the_api(scope):
            await self.admission.answer(self.ministack, scope, receive, send)
            return
        mend = _mend_for(scope) if scope["type"] == "http" else None
        if mend is None:
            await self.ministack(scope, receive, send)
            return
        try:
            answer = await mend(self.ministack, await read(scope, receive))
        except StepError as refusal:
            answer = refusal.answer
        except UnsupportedSwaggerError as refusal:
            answer = error(400, "BadRequestException", str(refusal))
        await answer.send(send)


def _labelled(send: Send, model: str) -> Send:
    """Whoever shows what streams did can say whose they were: see client/api.py, MODEL_HEADER."""
    if not model:
        return send

    async def labelled(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-stream-model", model.encode())]
        await send(message)

    return labelled


async def import_rest_api(ministack: Application, request: Request) -> Answer:
    """ImportRestApi: makes the API that a document describes, or none at all."""
    document = json.loads(request.body)
    endpoint = request.query.get("endpointConfigurationTypes", "EDGE")
    body = {**settings(document), "endpointConfiguration": {"types": [endpoint]}}
    answer = await _step(ministack, request.asking("POST", "/restapis", body))
    api = f"/restapis/{answer.json()['id']}"
    try:
        await _replay(ministack, request, api, document)
    except (StepError, UnsupportedSwaggerError):
        await _step(ministack, request.asking("DELETE", api))
        raise
    return answer


async def put_rest_api(ministack: Application, request: Request) -> Answer:
    """PutRestApi with mode=overwrite, the only mode that Chalice uses."""
    if request.query.get("mode") != "overwrite":
        raise UnsupportedSwaggerError("PutRestApi: only mode=overwrite is supported here")
    api = request.scope["path"]
    await _replay(ministack, request, api, json.loads(request.body))
    return await _step(ministack, request.asking("GET", api))


async def update_rest_api(ministack: Application, request: Request) -> Answer:
    """UpdateRestApi with the operations that MiniStack would take wrongly changed."""
    body = json.loads(request.body)
    operations = mended_operations(body.get("patchOperations", []))
    changed = json.dumps({**body, "patchOperations": operations}).encode()
    return await ask(ministack, request.with_body(changed))


async def change_function(ministack: Application, request: Request) -> Answer:
    """A change of a Lambda function; answers when the function is ready, or after READY_SECONDS."""
    answer = await ask(ministack, request)
    if not answer.ok:
        return answer
    look = request.asking("GET", f"{_FUNCTIONS}/{answer.json()['FunctionName']}/configuration")
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        now = await _step(ministack, look)
        if (now.json()["State"], now.json()["LastUpdateStatus"]) == ("Active", "Successful"):
            return answer.with_body(now.body)
        await asyncio.sleep(POLL_SECONDS)
    return answer


async def describe_task_definition(ministack: Application, request: Request) -> Answer:
    """DescribeTaskDefinition in ECS's own spelling."""
    answer = await ask(ministack, request)
    if not answer.ok:
        return answer
    body = answer.json()
    for container in body["taskDefinition"]["containerDefinitions"]:
        for part in ("healthCheck", "linuxParameters"):
            if part in container:
                container[part] = in_ecs_spelling(container[part])
    return answer.with_body(json.dumps(body).encode())


def in_ecs_spelling(value: Any) -> Any:
    """A part of a template with its keys as ECS's API has them, which begin with a small letter."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: in_ecs_spelling(item) for key, item in value.items()}
    return [in_ecs_spelling(item) for item in value] if isinstance(value, list) else value


def mended_operations(operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Patch operations as MiniStack should get them."""
    return [
        _mended_operation(operation) for operation in operations if operation.get("value") != ""
    ]


def _mended_operation(operation: dict[str, Any]) -> dict[str, Any]:
    if not operation["path"].startswith("/endpointConfiguration/types/"):
        return operation
    types = {"types": [operation["value"]]}
    return {**operation, "path": "/endpointConfiguration", "value": types}


_MENDS: tuple[tuple[str, re.Pattern[str], Mend], ...] = (
    ("PUT", re.compile(r"/restapis/[^/]+"), put_rest_api),
    ("PATCH", re.compile(r"/restapis/[^/]+"), update_rest_api),
    ("POST", re.compile(rf"{_FUNCTIONS}/?"), change_function),
    ("PUT", re.compile(rf"{_FUNCTIONS}/[^/]+/(code|configuration)"), change_function),
)
_MENDED_TARGETS: dict[bytes, Mend] = {
    _DESCRIBE_TASK_DEFINITION: describe_task_definition,
}


def _mend_for(scope: Message) -> Mend | None:
    method, path = scope["method"], scope["path"]
    if (method, path) == ("POST", "/"):
        # Every call of most services comes this way: look no further.
        return _MENDED_TARGETS.get(dict(scope["headers"]).get(b"x-amz-target", b""))
    if (method, path) == ("POST", "/restapis"):
        return import_rest_api if b"mode=import" in scope["query_string"] else None
    for verb, pattern, mend in _MENDS:
        if method == verb and pattern.fullmatch(path):
            return mend
    return None


async def _replay(
    ministack: Application, request: Request, api: str, document: dict[str, Any]
) -> None:
    """Turns the API at the path `api` into the document's, one call after the other."""
    listing = await _step(
        ministack, request.asking("GET", f"{api}/resources", embed="methods", limit="500")
    )
    resources = listing.json()["item"]
    ids = {resource["path"]: resource["id"] for resource in resources}
    existing = {resource["path"]: [*resource.get("resourceMethods", {})] for resource in resources}
    for call in calls(document, existing or {ROOT: []}):
        made = await _step(ministack, _request_of(call, request, api, ids))
        if call.child:
            ids[call.child] = made.json()["id"]


def _request_of(call: Call, request: Request, api: str, ids: dict[str, str]) -> Request:
    path = f"{api}/resources/{ids[call.resource]}{call.suffix}"
    return request.asking(call.verb, path, None if call.verb == "DELETE" else call.body)


async def _step(ministack: Application, request: Request) -> Answer:
    answer = await ask(ministack, request)
    if not answer.ok:
        raise StepError(answer)
    return answer
