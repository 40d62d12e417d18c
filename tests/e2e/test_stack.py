"""The embedded stack starts clean and leaves nothing behind, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import local.stack
from local.platform import api_of
from local.stack import ROOT, EmbeddedStack, StackError
from tests.e2e.demos import PATIENCE_SECONDS

RUNNER = """
import sys, time
from pathlib import Path
from local.stack import EmbeddedStack
with EmbeddedStack(Path(sys.argv[1])) as stack:
    print(stack.pid, flush=True)
    time.sleep(60)
"""


def processes_of(stack: EmbeddedStack) -> list[psutil.Process]:
    server = psutil.Process(stack.pid)
    return [server, *server.children(recursive=True)]


def test_it_ends_with_its_functions_while_a_workflow_is_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local.stack, "STOP_SECONDS", PATIENCE_SECONDS)
    with EmbeddedStack(tmp_path) as stack:
        assert api_of(stack, stack.deploy()).start({})["status"] == "RUNNING"
        processes = processes_of(stack)
        assert len(processes) > 1
        server = stack._server
    assert server
    assert server.returncode == 0  # by itself: who has to be killed ends with a signal's number
    assert psutil.wait_procs(processes, timeout=PATIENCE_SECONDS)[1] == []


def test_a_second_start_finds_nothing_of_the_first(tmp_path: Path) -> None:
    stack = EmbeddedStack(tmp_path)
    with stack:
        first = stack.deploy()
    with stack:
        with pytest.raises(StackError, match="nothing is deployed"):
            _ = stack.outputs
        assert stack.deploy() != first


def test_stopping_twice_or_before_the_start_is_harmless(tmp_path: Path) -> None:
    stack = EmbeddedStack(tmp_path)
    stack.stop()
    stack.start()
    stack.stop()
    stack.stop()


def test_starting_twice_is_refused(tmp_path: Path) -> None:
    with EmbeddedStack(tmp_path) as stack, pytest.raises(StackError, match="running already"):
        stack.start()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_its_runner_is_gone(tmp_path: Path, how: signal.Signals) -> None:
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with runner:
        assert runner.stdout
        server = psutil.Process(int(runner.stdout.readline()))
        runner.send_signal(how)
    _gone, alive = psutil.wait_procs([server], timeout=PATIENCE_SECONDS)
    assert alive == []


def test_a_server_that_does_not_start_is_reported_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local.stack, "ROOT", tmp_path)
    with pytest.raises(StackError, match=r"(?s)server\.log.*No module named"):
        EmbeddedStack(tmp_path / "state").start()
