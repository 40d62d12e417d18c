"""statemachine.json as a text: its states, its paths, and the only place that states the plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import definition, errors, events, plan

ROOT = Path(__file__).parents[2]
MACHINE: dict[str, Any] = json.loads((ROOT / "statemachine.json").read_text())
STATES: dict[str, dict[str, Any]] = MACHINE["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
PATH_OF_SUCCESS = [
    "InitializeDemo",
    *(
        f"{step}Phase{n}{end}"
        for n in range(1, 5)
        for step, end in (("Start", ""), ("Wait", "Duration"))
    ),
    "CleanupDemo",
    "DemoCompleted",
]


def successors(name: str) -> Iterator[str]:
    state = STATES[name]
    if "Next" in state:
        yield state["Next"]
    yield from (catcher["Next"] for catcher in state.get("Catch", []))


def paths_read(value: Any) -> Iterator[str]:
    """Every path into the state's input that this state's parameters or waiting need."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith(("Path", ".$")) and key not in ("ResultPath", "ErrorPath", "CausePath"):
                yield inner
            elif key != "ResultSelector":
                yield from paths_read(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from paths_read(inner)


def test_success_goes_through_all_phases_in_order() -> None:
    walked, name = [MACHINE["StartAt"]], MACHINE["StartAt"]
    while "Next" in STATES[name]:
        name = STATES[name]["Next"]
        walked.append(name)
    assert walked == PATH_OF_SUCCESS
    assert STATES["DemoCompleted"]["Type"] == "Succeed"


def test_every_state_can_be_reached_and_every_next_state_exists() -> None:
    reached, ahead = set(), [MACHINE["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += successors(name)
    assert reached == set(STATES)


def test_every_state_says_what_it_is_for() -> None:
    assert MACHINE["Comment"]
    assert [name for name, state in STATES.items() if not state.get("Comment")] == []


@pytest.mark.parametrize("name", TASKS)
def test_a_task_invokes_the_controller_in_bounded_time(name: str) -> None:
    task = TASKS[name]
    assert task["Resource"] == "arn:aws:states:::lambda:invoke"
    assert task["Parameters"]["FunctionName"] == "${ControllerFunctionArn}"
    config = json.loads((ROOT / "api" / ".chalice" / "config.json").read_text())
    # A Lambda that runs out of its own time is retried; States.Timeout is not.
    assert task["TimeoutSeconds"] > config["lambda_timeout"]
    payload = task["Parameters"]["Payload"]
    assert payload["operation"] in set(events.Operation)
    assert payload["execution"] == {
        "name.$": "$$.Execution.Name",
        "arn.$": "$$.Execution.Id",
        "started_at.$": "$$.Execution.StartTime",
    }


@pytest.mark.parametrize("name", TASKS)
def test_a_task_retries_what_a_retry_can_mend(name: str) -> None:
    transient, hopeless, slow, rest = TASKS[name]["Retry"]
    assert all(error.startswith("Lambda.") for error in transient["ErrorEquals"])
    assert hopeless["MaxAttempts"] == 0
    assert all(
        issubclass(getattr(errors, error), errors.DemoError) for error in hopeless["ErrorEquals"]
    )
    assert slow["ErrorEquals"] == [errors.StreamNotReady.__name__]
    assert rest == {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 5,
        "MaxAttempts": 3,
        "BackoffRate": 2.0,
    }


@pytest.mark.parametrize("name", TASKS)
def test_a_task_that_fails_for_good_leads_to_the_failure_states(name: str) -> None:
    (catcher,) = TASKS[name]["Catch"]
    assert catcher["ErrorEquals"] == ["States.ALL"]
    if name == "DemoFailed":
        assert (catcher["ResultPath"], catcher["Next"]) == ("$.cleanup_error", "Failed")
    else:
        assert (catcher["ResultPath"], catcher["Next"]) == ("$.error", "DemoFailed")


def test_the_failure_states_read_no_path_that_an_early_error_leaves_out() -> None:
    assert set(paths_read(STATES["DemoFailed"])) <= {
        "$",
        "$$.Execution.Name",
        "$$.Execution.Id",
        "$$.Execution.StartTime",
    }
    assert STATES["DemoFailed"]["ResultPath"] is None
    assert STATES["Failed"]["ErrorPath"] == "$.error.Error"
    assert STATES["Failed"]["CausePath"] == "$.error.Cause"


@pytest.mark.parametrize("name", [name for name in PATH_OF_SUCCESS if name != "InitializeDemo"])
def test_the_states_after_the_first_read_the_demo_state_only(name: str) -> None:
    read = {path for path in paths_read(STATES[name]) if not path.startswith("$$.")}
    assert all(path.startswith("$.demo_state") for path in read)


@pytest.mark.parametrize("name", [name for name in TASKS if name != "DemoFailed"])
def test_what_the_controller_answers_is_the_demo_state_that_travels_on(name: str) -> None:
    assert TASKS[name]["ResultSelector"] == {"demo_state.$": "$.Payload"}
    assert TASKS[name]["ResultPath"] == "$"


def test_the_workflow_times_out_only_after_the_longest_demo_that_a_budget_allows() -> None:
    # Warming a stream comes before the phases, and cleaning up after them.
    assert MACHINE["TimeoutSeconds"] >= plan.MAX_DURATION_SECONDS + 3_600


def test_the_only_thing_to_substitute_is_the_controller() -> None:
    text = (ROOT / "statemachine.json").read_text()
    assert set(re.findall(r"\$\{(\w+)\}", text)) == {"ControllerFunctionArn"}


def test_the_default_plan_is_the_designs_table() -> None:
    table = [
        (phase.target_tps, phase.task_count, phase.duration_seconds)
        for phase in definition.default_phases(per_task_capacity=1_000)
    ]
    assert table == [(100, 1, 120), (10_000, 10, 120), (50_000, 50, 120), (100, 1, 120)]


def test_the_packaged_definition_is_the_deployed_one() -> None:
    link = ROOT / "api" / "chalicelib" / "statemachine.json"
    assert link.is_symlink()
    assert link.resolve() == ROOT / "statemachine.json"


def test_the_plan_is_written_nowhere_else() -> None:
    sources = [
        path
        # bench measures the producer at rates of its own: they are no demo's plan.
        for folder in ("api", "worker", "local", "deployment")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".json", ".sh", ".yaml"} and not path.is_symlink()
    ]
    sources += [path for path in ROOT.iterdir() if path.suffix in {".sh", ".yaml"}]
    sources.append(ROOT / "Makefile")
    spike, peak = re.compile(r"\b10_?000\b"), re.compile(r"\b50_?000\b")
    texts = {path: path.read_text() for path in sources if path.is_file()}
    assert len(texts) > 20
    assert [path for path, text in texts.items() if spike.search(text) and peak.search(text)] == []
