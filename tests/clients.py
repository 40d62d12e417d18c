"""boto3's clients of an embedded stack, as its own user."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from local.platform import credentials_of
from local.stack import EmbeddedStack


def client_of(
    stack: EmbeddedStack, service: str, endpoint: str | None = None, **options: Any
) -> Any:
    """A client that never goes by way of a proxy, whatever the environment says.

    `endpoint` is what stands before the stack, if anything does; `options` are botocore's Config's.
    """
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint or stack.endpoint,
        region_name=stack.environment["AWS_REGION"],
        **credentials_of(stack),
        config=Config(proxies={}, **options),
    )


def new_stream(kinesis: Any, test: str) -> str:
    """An on-demand stream that is named after a test, and active."""
    name = test.replace("[", "-").replace("]", "")[:100]
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    return name
