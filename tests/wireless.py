"""The embedded Kinesis as a boto3 client sees it, without a wire: for tests of reader and plane."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from local.asgi import Answer, Message, Receive, Request, Send
from local.kinesis.plane import KinesisPlane, is_for_kinesis
from ondemand.policy import MIB, Policy

STREAM = "posts"


class Clock:
    """Epoch seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def ministack(scope: Message, _: Receive, send: Send) -> None:
    """Knows any stream as one of four shards, on demand, and takes metrics."""
    assert (scope["method"], scope["path"]) == ("POST", "/")
    summary = {"OpenShardCount": 4, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    await Answer(200, (), json.dumps({"StreamDescriptionSummary": summary}).encode()).send(send)


class Hooks:
    """botocore's, as far as the reader uses them."""

    def __init__(self) -> None:
        self.on_get_records: list[Callable[..., None]] = []
        self.events = self

    def register(self, event: str, hook: Callable[..., None]) -> None:
        assert event == "before-call.kinesis.GetRecords"
        self.on_get_records.append(hook)


class Client:
    """Calls the plane by boto3's names."""

    def __init__(self, plane: KinesisPlane) -> None:
        self._plane = plane
        self.meta = Hooks()

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        operation = "".join(part.capitalize() for part in name.split("_"))
        return lambda **body: self._ask(operation, body)

    def _ask(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        params: dict[str, Any] = {"headers": {"x-amz-target": f"Kinesis_20131202.{operation}"}}
        for hook in self.meta.on_get_records if operation == "GetRecords" else ():
            hook(params=params)
        headers = [(name.encode(), value.encode()) for name, value in params["headers"].items()]
        scope = {"method": "POST", "path": "/", "headers": headers}
        assert is_for_kinesis(scope)
        answer = finished(self._plane.answer(Request(scope, json.dumps(body).encode())))
        assert answer.ok, answer.body
        told = {name.decode(): value.decode() for name, value in answer.headers}
        return {**_decoded(answer.json()), "ResponseMetadata": {"HTTPHeaders": told}}


def plane(clock: Clock, *, most_mib: int = 16, policy: Policy | None = None) -> KinesisPlane:
    """A plane of its own; without a policy its streams never split."""
    return KinesisPlane(ministack, policy, clock, most_mib * MIB)


def finished(work: Coroutine[Any, Any, Answer]) -> Answer:
    """The result of what waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    raise AssertionError("the plane waited for something")


def _decoded(answer: dict[str, Any]) -> dict[str, Any]:
    for record in answer.get("Records", ()):
        if "Data" in record:
            record["Data"] = base64.b64decode(record["Data"])
            moment = record["ApproximateArrivalTimestamp"]
            record["ApproximateArrivalTimestamp"] = datetime.fromtimestamp(moment, UTC)
    return answer
