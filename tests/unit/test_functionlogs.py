"""MiniStack's own writer of function logs, which forgets the oldest of too many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import cloudwatch_logs, lambda_svc

from local.functionlogs import INVOCATIONS, keep_newest_logs


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(lambda_svc, "_emit_lambda_logs", lambda_svc._emit_lambda_logs)
    yield
    cloudwatch_logs._log_groups.clear()


def invoke(function: str, number: int) -> None:
    config = {"config": {"FunctionName": function}}
    lambda_svc._emit_lambda_logs(config, f"request-{number}", f"line {number}", False, 5)


def lines(function: str) -> list[list[str]]:
    streams = cloudwatch_logs._log_groups[f"/aws/lambda/{function}"]["streams"].values()
    return [[event["message"] for event in stream["events"]] for stream in streams]


def test_the_newest_invocations_logs_are_kept_of_each_function() -> None:
    keep_newest_logs()
    for number in range(INVOCATIONS + 50):
        invoke("api", number)
    invoke("controller", 0)
    kept = lines("api")
    assert len(kept) == INVOCATIONS
    assert [stream[1] for stream in kept] == [f"line {n}" for n in range(50, INVOCATIONS + 50)]
    assert len(lines("controller")) == 1


def test_other_logs_are_left_alone() -> None:
    keep_newest_logs()
    streams: dict[str, Any] = {f"task-{n}": {"events": []} for n in range(INVOCATIONS + 50)}
    cloudwatch_logs._log_groups["/ecs/worker"] = {"streams": dict(streams)}
    invoke("api", 0)
    assert cloudwatch_logs._log_groups["/ecs/worker"]["streams"] == streams
