"""Whether the account may warm streams at all, and what it would cost if it doesn't yet.

Warm throughput is part of On-demand Advantage, for which an account commits itself to pay for a
minimum of throughput. That is the account owner's decision, so this module only looks: nothing
here, and no permission of the Lambdas, can enable it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib import cost
from chalicelib.errors import CommitmentNotEnabled, WarmThroughputUnsupported

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

ENABLED = "ENABLED"
COMMAND = (
    "aws kinesis update-account-settings --minimum-throughput-billing-commitment Status=ENABLED"
)
_NOT_IMPLEMENTED = 501
_UNKNOWN_OPERATION = frozenset(
    {"InvalidAction", "UnknownOperationException", "UnknownOperation", "NotImplemented"}
)


def require(kinesis: KinesisClient, region: str) -> None:
    """Returns if the account's commitment is enabled. One call, of which AWS allows 5 a second.

    CommitmentNotEnabled says what enabling costs and how it is done; WarmThroughputUnsupported if
    this AWS doesn't know of it. Other errors pass through as botocore raises them.
    """
    try:
        answer = kinesis.describe_account_settings()
    except ClientError as error:
        if _is_unknown_operation(error):
            raise WarmThroughputUnsupported(
                "this AWS can't warm streams (it does not know DescribeAccountSettings): leave"
                " warm_throughput_mibps out"
            ) from None
        raise
    commitment = answer.get("MinimumThroughputBillingCommitment")
    status = commitment["Status"] if commitment else "DISABLED"
    if status != ENABLED:
        raise CommitmentNotEnabled(_explained(status, region))


def _explained(status: str, region: str) -> str:
    least = cost.commitment_price(region)
    return (
        "warm_throughput_mibps needs the account's minimum throughput billing commitment, which is"
        f" {status} in {region}. Enabling it holds for all on-demand streams of the account there"
        f" and costs ${least.per_day:,.2f} a day (${least.per_month:,.0f} a month) at the least:"
        f" {least.note}. These are prices of {least.region} as of {least.prices_as_of}."
        f" Nothing was enabled or started. To enable it yourself: {COMMAND} --region {region}"
    )


def _is_unknown_operation(error: ClientError) -> bool:
    code = error.response.get("Error", {}).get("Code")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return code in _UNKNOWN_OPERATION or status == _NOT_IMPLEMENTED
