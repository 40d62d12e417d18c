"""Whether the existing network that the parameters name, if they name one, can be used."""

from __future__ import annotations

from collections.abc import Mapping

import boto3
from botocore.exceptions import ClientError

VPC_PARAMETER, SUBNETS_PARAMETER = "VpcId", "SubnetIds"
_WRONG = ("InvalidVpcID", "InvalidSubnetID", "InvalidSubnetId")


def network_problem(parameters: Mapping[str, str]) -> str:
    """A line that says what is wrong with it and what to do; empty if nothing is."""
    vpc = parameters.get(VPC_PARAMETER, "")
    subnets = [name.strip() for name in parameters.get(SUBNETS_PARAMETER, "").split(",") if name]
    if not vpc and not subnets:
        return ""
    if not vpc or not subnets:
        lacking, there = (
            (SUBNETS_PARAMETER, VPC_PARAMETER) if vpc else (VPC_PARAMETER, SUBNETS_PARAMETER)
        )
        return (
            f"network: {there} without {lacking}; give both with --parameter for an existing "
            "network, or both empty (VpcId= SubnetIds=) for one of the demo's own"
        )
    client = boto3.client("ec2")
    try:
        client.describe_vpcs(VpcIds=[vpc])
        described = client.describe_subnets(SubnetIds=subnets)["Subnets"]
    except ClientError as error:
        if error.response["Error"]["Code"].startswith(_WRONG):
            message = error.response["Error"]["Message"]
            return f"network: {message}; give ids of this account and region with --parameter"
        raise
    strangers = [subnet["SubnetId"] for subnet in described if subnet["VpcId"] != vpc]
    if strangers:
        return f"network: {', '.join(strangers)} not in {vpc}; give subnets of that VPC"
    return ""
