"""AWS's list prices, from the one dated file that states them: prices.json, beside this module.

Each price has its unit, its regions, the AWS page that states it, the day of the edition that was
read, and whether AWS's own text was read (`checked`). Where a region has no price of its own,
that of us-east-1 is taken, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

_FILE = "prices.json"
FALLBACK_REGION = "us-east-1"


class Item(StrEnum):
    """What AWS charges for, as prices.json calls it."""

    KINESIS_IN = "kinesis_in"
    KINESIS_STREAM_HOUR = "kinesis_stream_hour"
    KINESIS_ADVANTAGE_IN = "kinesis_advantage_in"
    KINESIS_ADVANTAGE_OUT = "kinesis_advantage_out"
    FARGATE_VCPU_HOUR_X86 = "fargate_vcpu_hour_x86"
    FARGATE_GB_HOUR_X86 = "fargate_gb_hour_x86"
    FARGATE_VCPU_HOUR_ARM = "fargate_vcpu_hour_arm"
    FARGATE_GB_HOUR_ARM = "fargate_gb_hour_arm"
    PUBLIC_IPV4_HOUR = "public_ipv4_hour"
    STEP_FUNCTIONS_TRANSITION = "step_functions_transition"
    LAMBDA_REQUEST = "lambda_request"
    LAMBDA_GB_SECOND = "lambda_gb_second"
    CLOUDWATCH_METRIC_MONTH = "cloudwatch_metric_month"
    CLOUDWATCH_REQUEST = "cloudwatch_request"
    CLOUDWATCH_METRIC_READ = "cloudwatch_metric_read"
    CLOUDWATCH_ALARM_MONTH = "cloudwatch_alarm_month"
    CLOUDWATCH_DASHBOARD_MONTH = "cloudwatch_dashboard_month"
    LOGS_IN = "logs_in"
    LOGS_STORED_MONTH = "logs_stored_month"
    API_GATEWAY_REQUEST = "api_gateway_request"
    KMS_REQUEST = "kms_request"
    KMS_KEY_MONTH = "kms_key_month"
    ECR_MONTH = "ecr_month"
    XRAY_TRACE = "xray_trace"


@dataclass(frozen=True)
class Price:
    """One price in one region, in USD per unit."""

    item: Item
    region: str
    value: float
    unit: str
    as_of: str
    """The day of the edition of AWS's page that was read, ISO 8601."""
    checked: bool
    """Whether AWS's own text was read, not somebody else's only."""
    source: str


class Prices:
    """The prices that hold in one region."""

    def __init__(self, region: str, found: Mapping[tuple[Item, str], Price]) -> None:
        self.region = region
        self._found = found

    def of(self, item: Item) -> Price:
        """The item's price here, else in us-east-1: the price's own `region` tells which."""
        own = self._found.get((item, self.region))
        return own or self._found[item, FALLBACK_REGION]


@cache
def in_region(region: str) -> Prices:
    """The prices of this region, as far as they are on file."""
    return Prices(region, _on_file())


@cache
def _on_file() -> Mapping[tuple[Item, str], Price]:
    document = json.loads(resources.files(__package__).joinpath(_FILE).read_text("utf-8"))
    return read(document)


def read(document: Mapping[str, Any]) -> Mapping[tuple[Item, str], Price]:
    """The file's prices by item and region. KeyError, ValueError if it is not as it should be."""
    found: dict[tuple[Item, str], Price] = {}
    for entry in document["prices"]:
        for region in entry["regions"]:
            price = Price(
                item=Item(entry["item"]),
                region=region,
                value=float(entry["value"]),
                unit=entry["unit"],
                as_of=entry["as_of"],
                checked=entry["checked"],
                source=entry["source"],
            )
            if found.setdefault((price.item, region), price) is not price:
                raise ValueError(f"{price.item} has two prices in {region}")
    return found
