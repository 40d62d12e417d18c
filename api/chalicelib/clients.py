"""boto3's clients, each made on first use and kept: making one costs more than calling it.

The endpoint and the region are boto3's own business (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_stepfunctions import SFNClient

# A few tries, well inside the API's 29 s (API Gateway's integration timeout); what is still
# throttled after that goes to the caller, or to Step Functions' own Retry.
_CONTROL = Config(
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=2, read_timeout=5
)
# A metric is worth less than the phase it is about: one try, and no waiting.
_BEST_EFFORT = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=1, read_timeout=2
)


@cache
def ecs() -> ECSClient:
    """ECS."""
    return boto3.client("ecs", config=_CONTROL)


@cache
def stepfunctions() -> SFNClient:
    """Step Functions."""
    return boto3.client("stepfunctions", config=_CONTROL)


@cache
def kinesis() -> KinesisClient:
    """Kinesis: streams, never their records."""
    return boto3.client("kinesis", config=_CONTROL)


@cache
def cloudwatch_reader() -> CloudWatchClient:
    """CloudWatch, to read the workers' metrics."""
    return boto3.client("cloudwatch", config=_CONTROL)


@cache
def cloudwatch_writer() -> CloudWatchClient:
    """CloudWatch, to publish the controller's own, and to read what they are computed from."""
    return boto3.client("cloudwatch", config=_BEST_EFFORT)
