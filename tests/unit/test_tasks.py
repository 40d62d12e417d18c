"""What the agent reads of a task definition, and recovers from a task that was killed."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

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


@pytest.mark.parametrize("failures", range(4))
def test_no_line_is_lost_or_sent_twice_when_logs_cannot_be_reached(
    tmp_path: Path, failures: int
) -> None:
    options = {"awslogs-group": "g", "awslogs-stream-prefix": "p"}
    logs: Any = Logs(failures)
    task: Any = SimpleNamespace(
        folder=tmp_path,
        task_id="t",
        log_stream="s",
        log_path=tmp_path / "output.log",
        definition=definition(logConfiguration={"logDriver": "awslogs", "options": options}),
    )
    task.log_path.write_text("one\ntwo\n")
    shipped = TaskLog(logs, task)
    attempts: list[Callable[[], object]] = [shipped.ship, *[partial(shipped.close, 0)] * 5]
    for attempt in attempts:
        with suppress(EndpointConnectionError):
            attempt()
    assert [line for line in logs.lines if not line.startswith("{")] == ["one", "two"]
    events = [json.loads(line)["event"] for line in logs.lines if line.startswith("{")]
    assert events == ["task_started", "task_ended"]
