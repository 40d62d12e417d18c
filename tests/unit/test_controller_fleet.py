"""What the controller does to ECS: each demo has its own service, and repeating is harmless."""

from __future__ import annotations

import os

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from chalicelib import clients, controller, settings
from chalicelib.errors import (
    AwsUnavailable,
    DemoStopped,
)
from chalicelib.fleet import Fleet
from chalicelib.instants import epoch
from tests import control_plane
from tests.control_plane import (
    BASE_FAMILY,
    ENVIRONMENT,
    NOW,
    active_families,
    at,
    client,
    environment,
    in_demo,
    service,
    start,
)


@pytest.mark.usefixtures("aws")
def test_a_phase_reaches_its_tasks_through_their_environment() -> None:
    result = start(3, at(), **in_demo("env"))
    assert environment("env") == {
        "STREAM_NAME": control_plane.STREAM,
        "METRICS_PUBLISH_INTERVAL": "2",
        "CONTROLLER_MODE": "step_functions",
        "DEMO_ID": "env",
        "DEMO_PHASE": "3",
        "TARGET_TPS": "50000",
        "TASK_COUNT": "50",
        "PHASE_ENDS_AT": "1800000120.250",
    }
    assert result["metrics_interval_seconds"] == 2.0


@pytest.mark.usefixtures("aws")
def test_workers_and_workflow_are_given_the_same_end_of_the_phase() -> None:
    result = start(1, at(), **in_demo("end"))
    assert epoch(result["phase_ends_at"]) == float(environment("end")["PHASE_ENDS_AT"])
    assert result["phase_started_at"] == "2027-01-15T08:00:00.250Z"
    assert result["phases"][0]["ends_at"] == result["phase_ends_at"]


@pytest.mark.usefixtures("aws")
def test_the_workflow_waits_the_whole_phase_and_never_ends_it_early() -> None:
    assert start(1, at(), **in_demo("wait"))["wait_seconds"] == 120
    again = start(1, at(NOW + 30.4), **in_demo("wait"))
    assert again["wait_seconds"] == 90


@pytest.mark.usefixtures("aws")
def test_a_demo_has_a_service_and_a_family_of_its_own() -> None:
    start(1, at(), **in_demo("own"))
    found = service("own")
    assert found["launchType"] == "FARGATE"
    assert found["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": os.environ["SUBNET_IDS"].split(","),
        "securityGroups": [os.environ["SECURITY_GROUP_IDS"]],
        "assignPublicIp": "ENABLED",
    }
    assert found["propagateTags"] == "SERVICE"
    assert active_families() == ["kinesis-demo-test-demo-own", BASE_FAMILY]


@pytest.mark.usefixtures("aws")
def test_the_next_phase_updates_the_same_service() -> None:
    state = start(1, at(), **in_demo("two"))
    result = start(2, at(NOW + 120), demo_state=state, **in_demo("two"))
    assert service("two")["desiredCount"] == 10
    assert environment("two")["DEMO_PHASE"] == "2"
    assert [("ends_at" in phase) for phase in result["phases"]] == [True, True, False, False]


@pytest.mark.usefixtures("aws")
def test_a_redeployment_in_between_leaves_a_demos_later_phases_as_they_were() -> None:
    state = start(1, at(), **in_demo("kept"))
    container = {"name": "worker", "image": "worker:2", "memory": 1}
    client("ecs").register_task_definition(family=BASE_FAMILY, containerDefinitions=[container])
    result = start(2, at(NOW + 120), demo_state=state, **in_demo("kept"))
    assert result["metric_failures"] == 1  # the new one's tasks have no size to tell a cost by
    revision = service("kept")["taskDefinition"]
    definition = client("ecs").describe_task_definition(taskDefinition=revision)["taskDefinition"]
    assert definition["containerDefinitions"][0]["image"] == "worker:1"
    assert (definition["cpu"], environment("kept")["DEMO_PHASE"]) == ("256", "2")


@pytest.mark.usefixtures("aws")
def test_starting_a_phase_again_answers_the_phase_under_way() -> None:
    first = start(2, at(), **in_demo("again"))
    second = start(2, at(NOW + 30), **in_demo("again"))
    assert second["phase_ends_at"] == first["phase_ends_at"]
    assert service("again")["taskDefinition"].endswith(":1")


@pytest.mark.usefixtures("aws")
def test_starting_a_phase_again_after_its_end_runs_it_anew() -> None:
    first = start(2, at(), **in_demo("redriven"))
    second = start(2, at(NOW + 500), **in_demo("redriven"))
    assert epoch(second["phase_ends_at"]) == epoch(first["phase_ends_at"]) + 500
    assert environment("redriven")["PHASE_ENDS_AT"] == "1800000620.250"


@pytest.mark.usefixtures("aws")
def test_a_phase_after_a_cleanup_gets_a_new_service() -> None:
    start(1, at(), **in_demo("back"))
    controller.handle({"operation": "cleanup_demo", **in_demo("back")}, at())
    start(1, at(), **in_demo("back"))
    assert service("back")["status"] == "ACTIVE"


@pytest.mark.usefixtures("aws")
def test_a_phase_started_while_its_demo_is_stopped_is_taken_down_again() -> None:
    sfn = client("stepfunctions")
    sfn.create_state_machine(
        name=control_plane.STATE_MACHINE,
        definition="{}",
        roleArn="arn:aws:iam::123456789012:role/states",
    )
    arn = sfn.start_execution(stateMachineArn=ENVIRONMENT["STATE_MACHINE_ARN"], name="late")[
        "executionArn"
    ]
    execution = {"name": "late", "arn": arn, "started_at": "2027-01-15T08:00:00Z"}
    assert start(1, at(), execution=execution)["status"] == "phase_started"
    sfn.stop_execution(executionArn=arn)
    with pytest.raises(DemoStopped, match="late"):
        start(2, at(), execution=execution)
    assert service("late")["status"] == "INACTIVE"
    assert active_families() == [BASE_FAMILY]


@pytest.mark.usefixtures("aws")
def test_cleanup_leaves_nothing_of_its_demo_and_all_of_the_others() -> None:
    for demo_id in ("a", "a-b"):
        state = start(1, at(), **in_demo(demo_id))
        start(2, at(NOW + 120), demo_state=state, **in_demo(demo_id))
    event = {"operation": "cleanup_demo", "demo_state": state | {"demo_id": "a"}, **in_demo("a")}
    result = controller.handle(event, at(NOW + 240))
    assert result["status"] == "completed"
    assert result["duration_seconds"] == pytest.approx(300, abs=1)
    assert service("a")["status"] == "INACTIVE"
    assert service("a-b")["status"] == "ACTIVE"
    assert active_families() == ["kinesis-demo-test-demo-a-b"] * 2 + [BASE_FAMILY]


@pytest.mark.usefixtures("aws")
def test_cleaning_up_twice_is_as_good_as_once() -> None:
    start(1, at(), **in_demo("twice"))
    event = {"operation": "cleanup_demo", **in_demo("twice")}
    assert controller.handle(event, at())["status"] == "completed"
    assert controller.handle(event, at())["status"] == "completed"


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("data", [{}, [1], {"error": {"Error": "InvalidPlan", "Cause": "..."}}])
def test_a_failure_before_there_is_a_demo_state_is_cleaned_up_too(data: object) -> None:
    start(1, at(), **in_demo("broken"))
    event = {"operation": "handle_failure", "execution_input": data, **in_demo("broken")}
    assert controller.handle(event, at())["status"] == "failed"
    assert service("broken")["status"] == "INACTIVE"


@pytest.mark.usefixtures("aws")
def test_a_failure_answers_how_far_the_demo_came() -> None:
    state = start(1, at(), **in_demo("half"))
    data = {"demo_state": state, "error": {"Error": "X"}}
    event = {"operation": "handle_failure", "execution_input": data, **in_demo("half")}
    result = controller.handle(event, at(NOW + 60))
    assert result["status"] == "failed"
    assert result["phases"][0]["ends_at"] == state["phase_ends_at"]


@pytest.mark.usefixtures("aws")
def test_an_error_of_aws_is_raised_for_the_workflow_to_retry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ECS_CLUSTER", "another")
    with pytest.raises(ClientError, match="ClusterNotFoundException"):
        start(1, at(), **in_demo("lost"))


@pytest.mark.usefixtures("aws")
def test_a_base_without_a_worker_container_is_named() -> None:
    client("ecs").register_task_definition(
        family=BASE_FAMILY, containerDefinitions=[{"name": "other", "image": "x", "memory": 1}]
    )
    with pytest.raises(AwsUnavailable, match="no container 'worker'"):
        start(1, at(), **in_demo("odd"))


def revision_that_another_cleanup_took(status: str) -> Stubber:
    stub = Stubber(clients.ecs())
    arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/kinesis-demo-test-demo-x:1"
    stub.add_response("describe_services", {"services": [{"status": "ACTIVE"}]})
    stub.add_client_error("delete_service", service_error_code="ServiceNotFoundException")
    stub.add_response("list_task_definitions", {"taskDefinitionArns": [arn]})
    stub.add_client_error("deregister_task_definition", service_error_code="ClientException")
    stub.add_response("describe_task_definition", {"taskDefinition": {"status": status}})
    return stub


@pytest.mark.usefixtures("aws")
def test_what_another_cleanup_of_the_same_demo_took_is_no_error() -> None:
    with revision_that_another_cleanup_took("INACTIVE") as stub:
        Fleet(clients.ecs(), settings.read(ENVIRONMENT)).take_down("x")
        stub.assert_no_pending_responses()


@pytest.mark.usefixtures("aws")
def test_a_task_definition_that_stays_active_is_an_error() -> None:
    fleet = Fleet(clients.ecs(), settings.read(ENVIRONMENT))
    with revision_that_another_cleanup_took("ACTIVE"), pytest.raises(ClientError):
        fleet.take_down("x")
