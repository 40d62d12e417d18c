"""MiniStack doesn't wait for a log line of a function that writes none."""

import queue

import pytest
from ministack.core import lambda_runtime
from ministack.core.lambda_runtime import Worker

from local.silence import wait_briefly


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr(Worker, "_drain_stderr_bounded", Worker._drain_stderr_bounded)
    made = Worker.__new__(Worker)
    made._stderr_queue = queue.Queue()
    return made


def test_the_wait_for_a_line_is_short_and_lines_that_are_there_are_read(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks: list[float] = []
    monkeypatch.setattr(lambda_runtime.time, "sleep", ticks.append)
    moment = iter(n / 1_000 for n in range(10_000))
    monkeypatch.setattr(lambda_runtime.time, "time", lambda: next(moment))
    wait_briefly()
    assert worker._drain_stderr_bounded() == ""
    assert len(ticks) <= 3
    worker._stderr_queue.put("a line")
    assert worker._drain_stderr_bounded() == "a line"
