"""A quick choice of the control plane's faults, for `make test`; `make chaos` has them all."""

from __future__ import annotations

import signal

from tests.chaos.control import (
    ANSWER_LOST,
    DENIED,
    IDLE_TPS,
    THROTTLED,
    Controlled,
    Trouble,
    assert_gone,
    ends_of,
    proofs,
    short_stop_timeout,
    written_down,
)
from tests.chaos.control_answers import (
    LISTING,
    each_refused,
    look_at,
    no_event,
    start_of,
    stop_of,
)
from tests.chaos.control_demos import End, Scenario, tried
from tests.chaos.kills import send_group, tasks_of
from tests.e2e.demos import in_phase, plan, wait_until

SCENARIOS = [
    Scenario(Trouble("RegisterTaskDefinition", THROTTLED, 1), End.MENDED),
    Scenario(Trouble("CreateService", ANSWER_LOST, 1), End.MENDED),
    Scenario(Trouble("UpdateService", DENIED), End.FAILED, ("UpdateService", "AccessDenied")),
    Scenario(Trouble("DeleteService", DENIED, 1), End.MENDED),
]
IDLE = plan(tps=(IDLE_TPS,) * 4, seconds=(60, 1, 1, 1))


def test_faults_that_pass_are_mended_and_those_that_stay_are_named(controlled: Controlled) -> None:
    tried(controlled, "quick", SCENARIOS, seconds=(2, 1, 1, 1))


def test_every_call_of_the_api_that_is_denied_is_named(controlled: Controlled) -> None:
    each_refused(controlled, start_of(IDLE), (0,))
    with no_event(controlled.platform):
        demo_id = controlled.platform.api.start(IDLE)["demoId"]
        in_phase(controlled.platform, demo_id, 1)
        for request in (look_at(demo_id), LISTING, stop_of(demo_id)):
            each_refused(controlled, request, (0,))
        controlled.platform.api.stop(demo_id)
    assert_gone(controlled.platform, [demo_id])


def test_delete_ends_a_task_that_is_stopped(controlled: Controlled) -> None:
    platform, name = controlled.platform, "frozen"
    with short_stop_timeout(platform, 2):
        platform.api.start({"name": name, **plan(tps=(1_000, 1, 1, 1), seconds=(60, 1, 1, 1))})
        (task,) = wait_until("a task", lambda: [t for t in tasks_of([name]) if t.sends()])
    send_group(task, signal.SIGSTOP)
    platform.api.stop(name)
    assert_gone(platform, [name])
    ((summary, _),) = proofs(platform, ends_of(platform, [name])).values()
    written_down(summary, "DELETE of a task under SIGSTOP", "in phase 1", 1)
    assert (summary.status, summary.killed_workers) == ("ABORTED", 1)
    assert set(summary.failed_by_cause) <= {"process_died"}
