"""The stage's two Lambda functions; Chalice's tag tells them from others of the same name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployment.errors import DeploymentError
from deployment.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_TAG = "aws-chalice"


@dataclass(frozen=True)
class Function:
    """A Lambda function as it is deployed."""

    name: str
    arn: str
    ours: bool
    auth: str
    """What the function was told of API_AUTH: iam or none."""


class TagsHiddenError(DeploymentError):
    """A function's tags can't be read, so it can't be told whose it is."""


def function(client: LambdaClient, stage: Stage, name: str) -> Function | None:
    """The function of that name, whoever made it; None if there is none."""
    try:
        answer = client.get_function(FunctionName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    if "TagsError" in answer:  # its caller may read functions, but not their tags
        raise TagsHiddenError(f"function {name}: {answer['TagsError']['Message']}; allow that")
    configuration = answer["Configuration"]
    variables = configuration.get("Environment", {}).get("Variables", {})
    return Function(
        name=name,
        arn=configuration["FunctionArn"],
        ours=answer.get("Tags", {}).get(_TAG, "").endswith(stage.tag),
        auth=variables.get("API_AUTH", "iam"),
    )


def wait_until_settled(client: LambdaClient, name: str) -> None:
    """Waits until Lambda has finished what an interrupted deployment began.

    It refuses every further change before (ResourceConflictException). At most 5 minutes
    (botocore's waiters `function_active_v2` and `function_updated_v2`).
    """
    client.get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
    )
    client.get_waiter("function_updated_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
    )
