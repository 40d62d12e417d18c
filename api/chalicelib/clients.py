"""boto3's clients, each made on first use and kept: making one costs more than calling it.

The endpoint and the region are boto3's own business (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION). How a
timestamp is read is ours: a phase of ten minutes, second by second, has six hundred in each answer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp

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
    return _session().client("ecs", config=_CONTROL)


@cache
def stepfunctions() -> SFNClient:
    """Step Functions."""
    return _session().client("stepfunctions", config=_CONTROL)


@cache
def kinesis() -> KinesisClient:
    """Kinesis: streams, never their records."""
    return _session().client("kinesis", config=_CONTROL)


@cache
def cloudwatch_reader() -> CloudWatchClient:
    """CloudWatch, to read the workers' metrics."""
    return _session().client("cloudwatch", config=_CONTROL)


@cache
def cloudwatch_writer() -> CloudWatchClient:
    """CloudWatch, to publish the controller's own, and to read what they are computed from."""
    return _session().client("cloudwatch", config=_BEST_EFFORT)


@cache
def _session() -> boto3.Session:
    session = botocore.session.get_session()
    parsers = session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=moment)
    return boto3.Session(botocore_session=session)


def moment(timestamp: float | str) -> datetime:
    """What an answer's timestamp says: epoch seconds in JSON; botocore reads it otherwise.

    For a number, too, botocore would try what else it might be, and take twenty times as long.
    """
    if isinstance(timestamp, (int, float)):
        return datetime.fromtimestamp(timestamp, UTC)
    read: datetime = parse_timestamp(timestamp)
    return read
