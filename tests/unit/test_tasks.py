"""What the agent reads of a task definition, and recovers from a task that was killed."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from local.tasklog import TaskLog, recovered_ledgers
from local.tasks import TaskDefinition
from worker.ledger import Ledger
from worker.scoreboard import Scoreboard


def definition(**container: Any) -> TaskDefinition:
    document: Any = {
        "cpu": "256",
        "containerDefinitions": [
            {
                "name": "worker",
                "environment": [
                    {"name": "DEMO_ID", "value": "d"},
                    {"name": "DEMO_PHASE", "value": "3"},
                ],
                **container,
            }
        ],
    }
    return TaskDefinition.parse(document)


def test_a_definition_gives_environment_share_and_log() -> None:
    options = {"awslogs-group": "/ecs/w", "awslogs-stream-prefix": "demo"}
    parsed = definition(
        stopTimeout=35, logConfiguration={"logDriver": "awslogs", "options": options}
    )
    assert parsed.environment == {"DEMO_ID": "d", "DEMO_PHASE": "3"}
    assert (parsed.cpu_units, parsed.stop_timeout) == (256, 35)
    assert (parsed.log_group, parsed.log_prefix, parsed.container) == ("/ecs/w", "demo", "worker")


def test_what_a_definition_leaves_out_has_ecs_defaults() -> None:
    parsed = definition()
    assert (parsed.stop_timeout, parsed.log_group) == (30, None)


def test_a_killed_tasks_ledger_is_recovered_with_its_memory_booked_as_failed(
    tmp_path: Path,
) -> None:
    board = Scoreboard.create("0a1b2c3d", 2, tmp_path)
    board.write(0, Ledger(generated=10, delivered=7))
    board.write(1, Ledger(generated=5, delivered=5))
    task: Any = SimpleNamespace(folder=tmp_path, definition=definition(), task_id="t")
    (line,) = recovered_ledgers(task)
    assert (line["demo_id"], line["phase"], line["recovered"]) == ("d", 3, True)
    assert (line["generated"], line["delivered"], line["failed"]) == (15, 12, 3)
    assert line["failed_by_cause"] == {"process_died": 3}


def test_a_task_that_printed_its_ledger_has_nothing_to_recover(tmp_path: Path) -> None:
    task: Any = SimpleNamespace(folder=tmp_path, definition=definition(), task_id="t")
    assert recovered_ledgers(task) == []


def test_a_scoreboard_that_cannot_be_read_keeps_no_other_from_being_recovered(
    tmp_path: Path,
) -> None:
    Scoreboard.create("0a1b2c3d", 1, tmp_path).write(0, Ledger(generated=3, delivered=3))
    (tmp_path / "empty.scoreboard").touch()
    task: Any = SimpleNamespace(folder=tmp_path, definition=definition(), task_id="t")
    assert [line["pool"] for line in recovered_ledgers(task)] == ["0a1b2c3d"]


class Logs:
    """CloudWatch Logs that refuses the first few calls."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.lines: list[str] = []

    def create_log_stream(self, **_: object) -> None:
        self._fail()

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_: object) -> None:  # noqa: N803
        self._fail()
        self.lines += [event["message"] for event in logEvents]

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise EndpointConnectionError(endpoint_url="http://nowhere")


def task_log(logs: Any, folder: Path) -> TaskLog:
    """Of a task that has printed two lines."""
    options = {"awslogs-group": "g", "awslogs-stream-prefix": "p"}
    task: Any = SimpleNamespace(
        folder=folder,
        task_id="t",
        log_stream="s",
        log_path=folder / "output.log",
        definition=definition(logConfiguration={"logDriver": "awslogs", "options": options}),
    )
    task.log_path.write_text("one\ntwo\n")
    return TaskLog(logs, task)


@pytest.mark.parametrize("failures", range(4))
def test_no_line_is_lost_or_sent_twice_when_logs_cannot_be_reached(
    tmp_path: Path, failures: int
) -> None:
    logs: Any = Logs(failures)
    shipped = task_log(logs, tmp_path)
    attempts: list[Callable[[], object]] = [shipped.ship, *[partial(shipped.close, 0)] * 5]
    for attempt in attempts:
        with suppress(EndpointConnectionError):
            attempt()
    assert [line for line in logs.lines if not line.startswith("{")] == ["one", "two"]
    events = [json.loads(line)["event"] for line in logs.lines if line.startswith("{")]
    assert events == ["task_started", "task_ended"]


@pytest.fixture
def of_moto() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("logs", region_name="us-east-1")
        client.create_log_group(logGroupName="g")
        yield client


def test_a_log_stream_that_a_call_made_and_nobody_heard_of_is_written_to(
    tmp_path: Path, of_moto: Any
) -> None:
    of_moto.create_log_stream(logGroupName="g", logStreamName="s")
    task_log(of_moto, tmp_path).close(0)
    events = of_moto.get_log_events(logGroupName="g", logStreamName="s")["events"]
    assert [event["message"] for event in events][1:3] == ["one", "two"]


@pytest.mark.parametrize("shipped_before", [False, True])
def test_a_log_that_was_deleted_holds_nothing_up(
    tmp_path: Path, of_moto: Any, capsys: pytest.CaptureFixture[str], shipped_before: bool
) -> None:
    shipped = task_log(of_moto, tmp_path)
    if shipped_before:
        shipped.ship()
    of_moto.delete_log_group(logGroupName="g")
    shipped.close(0)
    assert "log_group_gone" in capsys.readouterr().err
