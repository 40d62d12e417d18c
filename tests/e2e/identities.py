"""Who calls a guarded API in the tests: IAM users with and without permission, and strangers."""

import json
from collections.abc import Sequence
from typing import Any

import boto3

from client.api import DemoApi
from client.signing import Signer, with_key
from local.platform import LocalPlatform, credentials_of
from local.stack import REGION, EmbeddedStack

_OF_THE_CLUSTER = ("CreateService", "DescribeServices", "UpdateService", "DeleteService")
_OF_ITS_TASKS = ("ListTasks", "DescribeTasks")


def user(
    stack: EmbeddedStack, name: str, resources: Sequence[str] = (), *, account: str = "test"
) -> Signer:
    """A new IAM user of an account who may invoke these resources, as it signs."""
    iam = iam_of(stack, account)
    iam.create_user(UserName=name)
    if resources:
        policy = _policy("execute-api:Invoke", resources)
        iam.put_user_policy(UserName=name, PolicyName="invoke", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return with_key(key["AccessKeyId"], key["SecretAccessKey"], REGION)


def calling(platform: LocalPlatform, signer: Signer | None) -> DemoApi:
    """The platform's API, called by somebody."""
    return DemoApi(platform.api.base_url, signer)


def resource(platform: LocalPlatform, method: str, path: str) -> str:
    """What an IAM policy calls a route of the platform's API, in its own account."""
    api, stage = platform.api.base_url.split("/")[4:6]
    return f"arn:aws:execute-api:{REGION}:000000000000:{api}/{stage}/{method}{path}"


def allow_ecs_as_ministack_asks(platform: LocalPlatform) -> None:
    """Allow the functions what MiniStack checks ECS calls against, beside what AWS does.

    For a service's or a task's own ARN, which infrastructure.yaml grants, it takes the cluster's,
    and for RegisterTaskDefinition none at all. test_permissions.py holds the grants to AWS's.
    """
    cluster = f"arn:aws:ecs:{REGION}:000000000000:cluster/{platform.output('ClusterName')}"
    of_the_cluster = [f"ecs:{call}" for call in (*_OF_THE_CLUSTER, *_OF_ITS_TASKS)]
    allowed = {
        "cluster": _policy(of_the_cluster, [cluster]),
        "register": _policy("ecs:RegisterTaskDefinition", ["*"]),
    }
    iam = iam_of(platform.stack)
    for output in ("ApiRoleArn", "ControllerRoleArn"):
        role = platform.output(output).rpartition("/")[2]
        for name, policy in allowed.items():
            iam.put_role_policy(RoleName=role, PolicyName=f"as-{name}", PolicyDocument=policy)


def iam_of(stack: EmbeddedStack, account: str = "test") -> Any:
    """IAM, as the root of an account: a key of 12 digits is that account's."""
    root = credentials_of(stack) | {"aws_access_key_id": account}
    session = boto3.Session(**root, region_name=REGION)
    return session.client("iam", endpoint_url=stack.endpoint)


def _policy(actions: str | Sequence[str], resources: Sequence[str]) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": [*resources]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
