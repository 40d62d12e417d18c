"""What CloudWatch is told of a stream: the three metrics of AWS/Kinesis that show how it coped.

AWS publishes them by the minute (developer guide, "Monitoring the Amazon Kinesis Data Streams
service with Amazon CloudWatch"); here a value comes every second or so, whose sums are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from local.asgi import Request
from local.kinesis.stream import Traffic

NAMESPACE = "AWS/Kinesis"
_VERSION = "2010-08-01"


def put_metric_data(stream: str, traffic: Traffic, now: float) -> bytes:
    """The body of a PutMetricData request (query protocol) for one stream; `now` in epoch s."""
    at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {"Action": "PutMetricData", "Version": _VERSION, "Namespace": NAMESPACE}
    for number, (name, value, unit) in enumerate(_values(traffic), start=1):
        at_member = f"MetricData.member.{number}"
        fields |= {
            f"{at_member}.MetricName": name,
            f"{at_member}.Value": str(value),
            f"{at_member}.Unit": unit,
            f"{at_member}.Timestamp": at,
            f"{at_member}.StorageResolution": "1",
            f"{at_member}.Dimensions.member.1.Name": "StreamName",
            f"{at_member}.Dimensions.member.1.Value": stream,
        }
    return urlencode(fields).encode()


def by_form(request: Request, body: bytes) -> Request:
    """A request of CloudWatch's query protocol by the same caller."""
    headers = dict(request.scope["headers"])
    scope = headers.pop(b"authorization", b"").replace(b"/kinesis/", b"/monitoring/")
    headers.pop(b"x-amz-target", None)
    form = b"application/x-www-form-urlencoded"
    kept = [*(headers | {b"content-type": form, b"authorization": scope}).items()]
    return replace(request, scope={**request.scope, "headers": kept}).with_body(body)


def _values(traffic: Traffic) -> Iterator[tuple[str, int, str]]:
    yield "IncomingRecords", traffic.records, "Count"
    yield "IncomingBytes", traffic.bytes, "Bytes"
    yield "WriteProvisionedThroughputExceeded", traffic.throttled, "Count"
