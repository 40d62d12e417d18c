"""Many callers for one demo at the same moment: one starts it, all see it, and nothing is left."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import TypeVar

import pytest

from client.api import Answer
from local.platform import LocalPlatform
from tests.e2e.demos import TOLD_TOO_EARLY, ledgers, left_of, plan, pools, proof, wait_until

T = TypeVar("T")
CALLERS = 10
SHORT = plan(tps=(20, 20, 20, 20), seconds=(1, 1, 1, 1), tasks=(1, 1, 1, 1))
LONG = plan(tps=(20, 20, 20, 20), seconds=(30, 30, 30, 30), tasks=(1, 1, 1, 1))


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Makes all calls at the same moment."""
    begin = threading.Barrier(len(calls))

    def call(one: Callable[[], T]) -> T:
        begin.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as callers:
        return list(callers.map(call, calls))


def starting(platform: LocalPlatform, name: str) -> Callable[[], Answer]:
    return lambda: platform.api.ask("POST", "/demo", {**LONG, "name": name})


def asking(platform: LocalPlatform, method: str, name: str) -> Callable[[], Answer]:
    return lambda: platform.api.ask(method, f"/demo/{name}")


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


@pytest.fixture(scope="module", autouse=True)
def _warm(platform: LocalPlatform) -> None:
    """So many callers at once need as many functions, each of which takes its time to start."""
    for callers in (1, 2, 4, 2 * CALLERS):
        at_once([asking(platform, "GET", "nobody")] * callers)


def services_of(platform: LocalPlatform, name: str) -> list[str]:
    listed = platform.ecs.list_services(cluster=platform.output("ClusterName"))["serviceArns"]
    return [arn for arn in listed if arn.endswith(f"/demo-{name}")]


def nothing_left(platform: LocalPlatform, name: str) -> None:
    wait_until(f"nothing to be left of {name}", lambda: not left_of(platform, name))


def test_of_ten_who_start_the_same_demo_one_does_and_whoever_looks_sees_it_or_none(
    platform: LocalPlatform,
) -> None:
    name = "raced-start"
    calls = [starting(platform, name)] * CALLERS + [asking(platform, "GET", name)] * CALLERS
    answers = at_once(calls)
    assert statuses(answers[:CALLERS]) == {201: 1, 409: CALLERS - 1}
    assert set(statuses(answers[CALLERS:])) <= {200, 404}
    assert {a.body["error"] for a in answers[:CALLERS] if a.status == 409} == {"DemoExists"}
    wait_until("its tasks", lambda: pools(name))
    assert len(services_of(platform, name)) == 1
    assert len(pools(name)) == 1
    stopped = at_once([asking(platform, "DELETE", name)] * CALLERS)
    assert statuses(stopped) == {202: CALLERS}
    assert {answer.body["status"] for answer in stopped} == {"ABORTED"}
    nothing_left(platform, name)
    assert platform.api.ask("POST", "/demo", {**LONG, "name": name}).status == 409


@pytest.mark.parametrize("after", [0.0, 0.05, 0.2, 0.5])
def test_who_is_stopped_while_it_starts_leaves_nothing(
    platform: LocalPlatform, after: float
) -> None:
    name = f"raced-stop-{int(after * 1_000)}"
    assert starting(platform, name)().status == 201
    threading.Event().wait(after)
    both = [asking(platform, "DELETE", name), asking(platform, "GET", name)] * 3
    answers = at_once(both)
    assert statuses(answers[::2]) == {202: 3}
    assert statuses(answers[1::2]) == {200: 3}
    assert platform.api.get(name)["status"] == "ABORTED"
    nothing_left(platform, name)


def test_start_stop_and_look_at_once_for_one_name_never_fail(platform: LocalPlatform) -> None:
    name = "raced-all"
    calls = [
        (starting(platform, name), asking(platform, "DELETE", name), asking(platform, "GET", name))
        for _ in range(6)
    ]
    found = statuses(at_once(list(chain.from_iterable(calls))))
    assert set(found) <= {200, 201, 202, 404, 409}
    assert found[201] == 1
    assert asking(platform, "DELETE", name)().status == 202
    assert platform.api.get(name)["status"] == "ABORTED"
    nothing_left(platform, name)


def test_who_is_stopped_at_its_own_end_is_either_and_is_whole(platform: LocalPlatform) -> None:
    """Several, each stopped a bit later than the one before, around the moment of its end."""
    names = [f"raced-end-{number}" for number in range(4)]
    for name in names:
        platform.api.start({**SHORT, "name": name})

    def stop_in(state: str, name: str) -> int:
        wait_until(
            f"{state} of {name}",
            lambda: (
                (demo := platform.api.get(name))["status"] != "RUNNING"
                or demo["currentState"] == state
            ),
        )
        return platform.api.ask("DELETE", f"/demo/{name}").status

    states = ("WaitPhase4Duration", "CleanupDemo", "CleanupDemo", "DemoCompleted")
    stops = [partial(stop_in, state, name) for name, state in zip(names, states, strict=True)]
    assert at_once(stops) == [202] * len(names)
    for name in names:
        summary = proof(platform, name)
        assert summary.status in {"ABORTED", "SUCCEEDED"}
        assert summary.lost == 0, summary.complaints()
        codes = set(ledgers(platform, name).broken.values())
        assert codes <= {TOLD_TOO_EARLY}, summary.complaints()
        assert (summary.duplicates, summary.foreign) == (0, 0)
        nothing_left(platform, name)
