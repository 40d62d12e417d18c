"""A platform that is being ended ends whole, and what fails for the want of it says so."""

from __future__ import annotations

import io
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from client.console import Console
from local.demo import _told_by_its_cause
from local.follower import FollowerEnded
from local.platform import LocalPlatform
from local.stack import StackError


class Agent:
    """A process that goes on until it is killed, and whose wait is cut short by `interruption`."""

    def __init__(self, interruption: BaseException) -> None:
        self.interruption = interruption
        self.signals: list[str] = []
        self.returncode: int | None = None

    def send_signal(self, number: signal.Signals) -> None:
        self.signals.append(number.name)

    def wait(self, timeout: float | None = None) -> int:
        if timeout is not None:
            raise self.interruption
        return -9


class GoneBefore:
    """A task's process that ended between being found and being killed."""

    def kill(self) -> None:
        raise psutil.NoSuchProcess(1)


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPlatform:
    made = LocalPlatform(tmp_path, Console(io.StringIO()))
    monkeypatch.setattr(made, "_task_processes", lambda: [GoneBefore()])
    return made


@pytest.mark.parametrize(
    "interruption", [KeyboardInterrupt(), subprocess.TimeoutExpired("agent", 20)]
)
def test_a_second_ctrl_c_cuts_the_waiting_short_and_nothing_else(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch, interruption: BaseException
) -> None:
    agent: Any = Agent(interruption)
    platform._agent = agent
    stopped: list[bool] = []
    monkeypatch.setattr(platform.stack, "stop", lambda: stopped.append(True))
    if isinstance(interruption, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            platform.stop()
    else:
        platform.stop()
    assert agent.signals == ["SIGTERM", "SIGKILL"]
    assert stopped == [True]


def test_what_fails_because_the_stack_is_gone_says_that(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise StackError("the embedded AWS has ended")

    monkeypatch.setattr(platform, "check", lambda: None)
    with pytest.raises(FollowerEnded), _told_by_its_cause(platform):
        raise FollowerEnded
    monkeypatch.setattr(platform, "check", gone)
    with pytest.raises(StackError), _told_by_its_cause(platform):
        raise FollowerEnded
