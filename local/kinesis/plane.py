"""On-demand streams in front of MiniStack: their records are here, their names and settings there.

A stream is taken over when it is first touched: MiniStack is asked whether it is there and on
demand; any other stream stays MiniStack's. What is served here and what is only completed:

    PutRecords, PutRecord, GetRecords, GetShardIterator, ListShards      here
    UpdateStreamWarmThroughput, DescribeLimits, Describe- and UpdateAccountSettings
                                                 here: MiniStack lacks them
    DescribeStream, DescribeStreamSummary        MiniStack's answer, with the shards that are here
    DeleteStream, CreateStream                   MiniStack's, and a taken-over stream is forgotten
    SplitShard, MergeShards, UpdateShardCount    refused, as Kinesis does on demand
    RegisterStreamConsumer       refused: MiniStack's fan-out would find none of the records here
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import orjson

from local.asgi import Answer, Application, Message, Request, ask
from local.kinesis.listing import described_page
from local.kinesis.log import StreamLog
from local.kinesis.memory import keep_within
from local.kinesis.metrics import by_form, put_metric_data
from local.kinesis.operations import OPERATIONS, Operation
from local.kinesis.reading import FORGET_READ, RECORDS_GONE, forget_read, gone
from local.kinesis.requests import Refusal
from local.kinesis.stream import ModelledStream, Traffic
from local.kinesis.tokens import stream_of
from ondemand.policy import Policy
from ondemand.shards import even
from ondemand.stream import OnDemandStream

TARGET = b"Kinesis_20131202."
DEFAULT_ACCOUNT = "000000000000"
MAX_WARM_MIBPS = 10_240
METRICS_SECONDS = 1.0
_CREDENTIAL = re.compile(r"Credential=([^/]+)/[^/]+/([^/]+)/")
_CHANGING = frozenset({"CreateStream", "DeleteStream"})
_OF_ACCOUNT = frozenset({"DescribeAccountSettings", "UpdateAccountSettings", "DescribeLimits"})
_COMPLETED = frozenset({"DescribeStream", "DescribeStreamSummary"})
_RESHARDING = frozenset({"SplitShard", "MergeShards", "UpdateShardCount"})
_OURS = (
    OPERATIONS.keys()
    | (_COMPLETED | _RESHARDING)
    | {"UpdateStreamWarmThroughput", "RegisterStreamConsumer"}
)

Key: TypeAlias = tuple[str, str, str]
"""Account, region, name."""


@dataclass(frozen=True)
class Call:
    """One request to Kinesis, taken apart."""

    operation: str
    body: Mapping[str, Any]
    account: str
    region: str
    request: Request

    def says(self, header: str) -> bool:
        """Whether it has that header."""
        return header.encode() in dict(self.request.scope["headers"])

    @property
    def stream(self) -> str:
        """The name of the stream that it is about; empty where it names none."""
        for field in ("ShardIterator", "NextToken"):
            if field in self.body and self.operation != "ListStreams":
                return stream_of(self.body[field])
        arn = str(self.body.get("StreamARN", ""))
        return str(self.body.get("StreamName") or arn.rpartition("/")[2])


class KinesisPlane:
    """All on-demand streams of one embedded stack."""

    def __init__(
        self,
        ministack: Application,
        policy: Policy | None,
        clock: Callable[[], float],
        most_bytes: int,
    ) -> None:
        """Without a policy, streams take everything. `clock` tells epoch seconds.

        `most_bytes` is what the records of all streams may take.
        """
        self._ministack = ministack
        self._policy = policy
        self._most_bytes = most_bytes
        self._clock = clock
        self._streams: dict[Key, ModelledStream] = {}
        self._told = clock()
        self._commitments: dict[tuple[str, str], str] = {}
        """MinimumThroughputBillingCommitment, by account and region."""
        self._warm: dict[Key, int] = {}
        """Warm throughput that streams were created with, MiB/s."""

    @property
    def streams(self) -> Mapping[Key, ModelledStream]:
        """Those taken over so far."""
        return self._streams

    async def answer(self, request: Request) -> Answer:
        """Answer one request to Kinesis."""
        try:
            call = _call(request)
            answer = await self._answer(call)
            await self._tell_cloudwatch(call)
            return answer
        except Refusal as refusal:
            return _refused(refusal)
        except (KeyError, TypeError, ValueError) as error:
            return _refused(Refusal("ValidationException", f"the request can't be read: {error!r}"))

    async def _answer(self, call: Call) -> Answer:
        if call.operation in _CHANGING:
            return await self._changed(call)
        if call.operation in _OF_ACCOUNT:
            return _said(self._of_account(call))
        stream = await self._stream(call) if call.operation in _OURS else None
        if stream is None:
            return await ask(self._ministack, call.request)
        return await self._about(call, stream)

    async def _tell_cloudwatch(self, call: Call) -> None:
        """Now and then, with the credentials of whoever calls."""
        now = self._clock()
        if now - self._told < METRICS_SECONDS:
            return
        self._told = now
        for (account, region, name), stream in self._streams.items():
            if (account, region) != (call.account, call.region):
                continue
            traffic = stream.traffic()
            if traffic != Traffic():
                body = put_metric_data(name, traffic, now)
                await ask(self._ministack, by_form(call.request, body))

    async def _about(self, call: Call, stream: ModelledStream) -> Answer:
        now = self._clock()
        if operation := OPERATIONS.get(call.operation):
            return self._served(call, stream, operation, now)
        stream.advance(now)
        if call.operation in _COMPLETED:
            return await self._completed(call, stream)
        if call.operation == "UpdateStreamWarmThroughput":
            return _warmed(call, stream)
        if call.operation == "RegisterStreamConsumer":
            message = "enhanced fan-out is not modelled here: read with GetRecords"
            raise Refusal("ValidationException", message)
        message = f"{call.operation} is not supported for on-demand streams"
        raise Refusal("ValidationException", message)

    def _served(
        self, call: Call, stream: ModelledStream, operation: Operation, now: float
    ) -> Answer:
        missed = gone(stream, call.operation, call.body, now)
        if call.operation == "GetRecords" and call.says(FORGET_READ):
            forget_read(stream, call.body, now)
        answer = _said_bytes(operation(stream, call.body, now))
        keep_within(self._most_bytes, self._streams.values())
        told = (RECORDS_GONE.encode(), str(missed).encode())
        return replace(answer, headers=(*answer.headers, told)) if missed else answer

    async def _stream(self, call: Call) -> ModelledStream | None:
        """The stream, taken over; None if it isn't there or isn't on demand."""
        if not call.stream:
            return None
        key = (call.account, call.region, call.stream)
        if key in self._streams:
            return self._streams[key]
        look = replace(call.request, scope=_aimed(call.request, "DescribeStreamSummary"))
        answer = await ask(
            self._ministack, look.with_body(orjson.dumps({"StreamName": call.stream}))
        )
        if not answer.ok:
            return None
        summary = answer.json()["StreamDescriptionSummary"]
        if summary.get("StreamModeDetails", {}).get("StreamMode") != "ON_DEMAND":
            return None
        # Another request may have come here in the meantime.
        return self._streams.setdefault(key, self._fresh(call, summary["OpenShardCount"]))

    def _fresh(self, call: Call, shards: int) -> ModelledStream:
        warm = self._warm.get((call.account, call.region, call.stream), 0)
        policy = self._policy and replace(self._policy, warm_mibps=warm)
        model = None if policy is None else OnDemandStream(policy)
        opened = even(shards) if model is None else model.shards
        now = self._clock()
        log = StreamLog(opened, now)
        return ModelledStream(call.stream, call.account, model, log, now, warm)

    async def _changed(self, call: Call) -> Answer:
        answer = await ask(self._ministack, call.request)
        if answer.ok:
            key = (call.account, call.region, call.stream)
            self._streams.pop(key, None)
            self._warm[key] = int(call.body.get("WarmThroughputMiBps", 0))
        return answer

    async def _completed(self, call: Call, stream: ModelledStream) -> Answer:
        answer = await ask(self._ministack, call.request)
        if not answer.ok:
            return answer
        body = answer.json()
        if call.operation == "DescribeStreamSummary":
            body["StreamDescriptionSummary"] |= {
                "OpenShardCount": stream.open_shards,
                "WarmThroughput": _warmth(stream),
            }
        else:
            body["StreamDescription"] |= described_page(stream, call.body)
        return answer.with_body(orjson.dumps(body))

    def _of_account(self, call: Call) -> dict[str, Any]:
        if call.operation != "DescribeLimits":
            if call.operation == "UpdateAccountSettings":
                wanted = call.body["MinimumThroughputBillingCommitment"]["Status"]
                self._commitments[call.account, call.region] = str(wanted)
            status = self._commitments.get((call.account, call.region), "DISABLED")
            return {"MinimumThroughputBillingCommitment": {"Status": status}}
        return {
            "ShardLimit": 500,
            "OpenShardCount": sum(stream.open_shards for stream in self._streams.values()),
            "OnDemandStreamCount": len(self._streams),
            "OnDemandStreamCountLimit": 50,
        }


def is_for_kinesis(scope: Message) -> bool:
    """Whether an HTTP request is one for the plane."""
    if (scope["method"], scope["path"]) != ("POST", "/"):
        return False
    target: bytes = dict(scope["headers"]).get(b"x-amz-target", b"")
    return target.startswith(TARGET)


def _call(request: Request) -> Call:
    headers = dict(request.scope["headers"])
    found = _CREDENTIAL.search(headers.get(b"authorization", b"").decode(errors="replace"))
    key, region = found.groups() if found else ("", "us-east-1")
    account = key if re.fullmatch(r"\d{12}", key) else DEFAULT_ACCOUNT
    operation = headers[b"x-amz-target"].removeprefix(TARGET).decode()
    body = orjson.loads(request.body or b"{}")
    return Call(operation, body, account, region, request)


def _aimed(request: Request, operation: str) -> dict[str, Any]:
    """The request's scope, for another operation."""
    target = (b"x-amz-target", TARGET + operation.encode())
    kept = [pair for pair in request.scope["headers"] if pair[0] != target[0]]
    return {**request.scope, "headers": (*kept, target)}


def _warmed(call: Call, stream: ModelledStream) -> Answer:
    wanted = call.body["WarmThroughputMiBps"]
    if not isinstance(wanted, int) or not 0 <= wanted <= MAX_WARM_MIBPS:
        message = f"WarmThroughputMiBps is {wanted!r}: give 0 to {MAX_WARM_MIBPS}"
        raise Refusal("InvalidArgumentException", message)
    stream.warm(wanted)
    return _said(
        {
            "StreamName": stream.name,
            "StreamARN": f"arn:aws:kinesis:{call.region}:{call.account}:stream/{stream.name}",
            "WarmThroughput": _warmth(stream),
        }
    )


def _warmth(stream: ModelledStream) -> dict[str, int]:
    return {
        "TargetMiBps": stream.warm_mibps,
        "CurrentMiBps": min(stream.warm_mibps, stream.open_shards),
    }


def _said(body: Mapping[str, Any]) -> Answer:
    return _said_bytes(orjson.dumps(body))


def _said_bytes(body: bytes) -> Answer:
    headers = ((b"content-type", b"application/x-amz-json-1.1"), (b"x-amzn-requestid", b"local"))
    return Answer(200, headers, b"").with_body(body)


def _refused(refusal: Refusal) -> Answer:
    body = {"__type": refusal.code, "message": str(refusal)}
    headers = ((b"content-type", b"application/x-amz-json-1.1"), (b"x-amzn-requestid", b"local"))
    return Answer(400, headers, b"").with_body(orjson.dumps(body))
