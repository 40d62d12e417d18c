"""Runs microburst in front of an endpoint: sets its rules, counts what fired, ends it.

    with FaultProxy(stack.endpoint, folder) as proxy:
        proxy.rules(put_records(probability=0.5, reset=True))
        ... a client with AWS_ENDPOINT_URL=proxy.endpoint ...
        assert proxy.fired() > 0

A rule is microburst's own: https://pypi.org/project/microburst/, "Rules". Each proxy has a port of
its own, which it keeps when it is killed and started again.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
BACKLOG = 1024
READY_SECONDS = 20.0
STOP_SECONDS = 5.0
CONTROL_SECONDS = 10.0

Rule = Mapping[str, Any]

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def put_records(**effects: Any) -> Rule:
    """A rule for PutRecords alone, so that what a worker asks besides is left in peace."""
    return {"service": "kinesis", "operation": "PutRecords", **effects}


class FaultProxy:
    """microburst as a process, from `with` (or start) to its end (or stop)."""

    def __init__(self, upstream: str, folder: Path, port: int = 0) -> None:
        """`upstream` is an endpoint's URL; `folder` gets the log; port 0 is any free one."""
        self._upstream = upstream
        self._log = folder / "microburst.log"
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._fired_before = 0

    def __enter__(self) -> FaultProxy:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """What AWS_ENDPOINT_URL is for whoever is to suffer."""
        return f"http://{HOST}:{self._port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the proxy isn't running")
        return self._process.pid

    def start(self) -> None:
        """Start it, on the port that it had before if it had one, without rules."""
        with (
            socket.create_server((HOST, self._port), backlog=BACKLOG) as listener,
            self._log.open("ab") as log,
        ):
            self._port = listener.getsockname()[1]
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.chaos.microburst_process"),
                    *("--socket", str(listener.fileno()), "--upstream", self._upstream),
                ],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(listener.fileno(),),
                start_new_session=True,
            )
        self._wait_until_ready()

    def kill(self) -> None:
        """End it at once: whoever connects from now on is refused."""
        self._fired_before = self.fired()
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            _buried(process)

    def stop(self) -> None:
        """End it; harmless if it doesn't run."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            _buried(process)

    def rules(self, *rules: Rule) -> None:
        """Replace all rules; the first that matches a request counts."""
        self._control("POST", "rules", list(rules))

    def fired(self) -> int:
        """How many faults there were so far, those before it was killed included."""
        return self._fired_before + int(self._stats()["requests"]["faulted"])

    def requests(self) -> int:
        """How many requests this process saw."""
        return int(self._stats()["requests"]["total"])

    def _stats(self) -> Any:
        return self._control("GET", "stats")

    def _control(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 (an address of ours)
            f"{self.endpoint}/_microburst/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with _opener.open(request, timeout=CONTROL_SECONDS) as answer:
            return json.load(answer)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"microburst ended at once: {self._log.read_text()}")
            try:
                self._control("GET", "health")
                return
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline:
                    self.stop()
                    raise
                time.sleep(0.05)


def _buried(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    if process.stdin is not None:
        process.stdin.close()
