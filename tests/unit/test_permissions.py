"""The judge of permissions itself: it tells allowed from denied, and needed from superfluous."""

from __future__ import annotations

from typing import Any

import pytest

from tests.permissions import Account, Call, Grant, allows, calls_of, denied, unused

ACCOUNT = Account("eu-west-1", "123456789012")
STREAM = ACCOUNT.arn("kinesis", "stream/a-stream")
PUT = Call("Task", "kinesis:PutRecords", STREAM)


def statement(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "kinesis:PutRecords", "Resource": STREAM, **changes}


def test_a_call_is_allowed_by_its_own_role_action_and_resource() -> None:
    assert denied({"Task": [statement()]}, [PUT]) == set()
    assert denied({"Task": [], "Api": [statement()]}, [PUT]) == {PUT}
    assert denied({"Task": [statement(Action=["kinesis:ListShards"])]}, [PUT]) == {PUT}
    assert denied({"Task": [statement(Resource=STREAM + "2")]}, [PUT]) == {PUT}


def test_a_pattern_allows_what_it_matches() -> None:
    pattern = ACCOUNT.arn("kinesis", "stream/a-*")
    assert allows(statement(Resource=[STREAM + "2", pattern]), PUT)
    assert not allows(statement(Resource=ACCOUNT.arn("kinesis", "stream/b-*")), PUT)


@pytest.mark.parametrize("operator", ["StringEquals", "ArnEquals"])
def test_a_condition_must_hold_and_its_key_must_be_there(operator: str) -> None:
    limited = statement(Condition={operator: {"k": ["v", "w"]}})
    assert allows(limited, Call("Task", "kinesis:PutRecords", STREAM, (("k", "w"),)))
    assert not allows(limited, Call("Task", "kinesis:PutRecords", STREAM, (("k", "x"),)))
    assert not allows(limited, PUT)


def test_what_the_judge_does_not_know_is_an_error() -> None:
    with pytest.raises(NotImplementedError, match="Deny"):
        allows(statement(Effect="Deny"), PUT)
    with pytest.raises(NotImplementedError, match="StringLike"):
        allows(statement(Condition={"StringLike": {"k": "v"}}), PUT)
    with pytest.raises(NotImplementedError, match="sqs"):
        list(calls_of("Task", "sqs", "SendMessage", {}, ACCOUNT))


def test_what_no_call_needs_is_named_by_action_and_resource() -> None:
    other = ACCOUNT.arn("kinesis", "stream/b-*")
    policy = statement(
        Action=["kinesis:PutRecords", "kinesis:ListShards"], Resource=[STREAM, other]
    )
    assert unused({"Task": [policy]}, [PUT]) == {
        Grant("Task", "kinesis:PutRecords", other),
        Grant("Task", "kinesis:ListShards", STREAM),
        Grant("Task", "kinesis:ListShards", other),
    }


def test_registering_a_task_definition_takes_the_right_to_pass_its_roles() -> None:
    parameters = {"family": "a-demo-1", "taskRoleArn": "task", "executionRoleArn": "execution"}
    calls = list(calls_of("C", "ecs", "RegisterTaskDefinition", parameters, ACCOUNT))
    assert [(c.action, c.resource) for c in calls] == [
        ("ecs:RegisterTaskDefinition", "*"),
        ("iam:PassRole", "task"),
        ("iam:PassRole", "execution"),
    ]


def test_a_tag_given_at_creation_is_an_action_of_its_own() -> None:
    service = {"cluster": "c", "serviceName": "s"}
    tagged = calls_of("C", "ecs", "CreateService", {**service, "tags": [{}]}, ACCOUNT)
    assert [c.action for c in tagged] == ["ecs:CreateService", "ecs:TagResource"]
    plain = calls_of("C", "ecs", "CreateService", service, ACCOUNT)
    assert [c.action for c in plain] == ["ecs:CreateService"]


def test_encrypting_a_stream_is_asked_for_on_the_stream_and_on_the_key() -> None:
    parameters = {"StreamName": "a-stream", "KeyId": "alias/aws/kinesis"}
    calls = calls_of("C", "kinesis", "StartStreamEncryption", parameters, ACCOUNT)
    assert [c.resource for c in calls] == [STREAM, ACCOUNT.arn("kms", "key/alias/aws/kinesis")]


def test_tasks_are_described_one_by_one() -> None:
    parameters = {"cluster": "c", "tasks": ["task-1", "task-2"]}
    described = calls_of("C", "ecs", "DescribeTasks", parameters, ACCOUNT)
    assert [c.resource for c in described] == ["task-1", "task-2"]
