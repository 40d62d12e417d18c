"""Lets the stack's clean-up rule call the controller.

EventBridge may only invoke a function whose own policy says so, and the function isn't the stack's
but Chalice's: it comes later, so this permission can't stand in infrastructure.yaml.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from deployment.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

RULE_OUTPUT = "CleanupRuleArn"
STATEMENT = "clean-up-rule"
"""The permission's fixed name, so that repeating it adds nothing."""


def rule_allowed(policy: Mapping[str, Any]) -> str | None:
    """The rule that a function's policy lets in under our statement's name; None if none."""
    for statement in policy.get("Statement", []):
        if statement.get("Sid") == STATEMENT:
            condition = statement.get("Condition", {}).get("ArnLike", {})
            return str(condition.get("AWS:SourceArn", ""))
    return None


def allow(client: LambdaClient, stage: Stage, rule: str) -> None:
    """Lets the rule, and no other, call the stage's controller; repeating is harmless."""
    function = stage.controller_function
    allowed = rule_allowed(_policy(client, function))
    if allowed == rule:
        return
    if allowed is not None:
        client.remove_permission(FunctionName=function, StatementId=STATEMENT)
    client.add_permission(
        FunctionName=function,
        StatementId=STATEMENT,
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )


def _policy(client: LambdaClient, function: str) -> dict[str, Any]:
    try:
        policy: dict[str, Any] = json.loads(client.get_policy(FunctionName=function)["Policy"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return {}
        raise
    return policy
