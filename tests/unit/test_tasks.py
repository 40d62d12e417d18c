"""What the agent reads of a task definition, and recovers from a task that was killed."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from local.tasklog import recovered_ledgers
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
    task: Any = SimpleNamespace(folder=tmp_path, definition=definition())
    (line,) = recovered_ledgers(task)
    assert (line["demo_id"], line["phase"], line["recovered"]) == ("d", 3, True)
    assert (line["generated"], line["delivered"], line["failed"]) == (15, 12, 3)
    assert line["failed_by_cause"] == {"process_died": 3}


def test_a_task_that_printed_its_ledger_has_nothing_to_recover(tmp_path: Path) -> None:
    task: Any = SimpleNamespace(folder=tmp_path, definition=definition())
    assert recovered_ledgers(task) == []
