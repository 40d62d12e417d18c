"""A server of the fault suite: a process on a port of its own, between a worker and its stream.

It inherits its socket, so nobody else can take the port in between, and it keeps the port when it
is killed and started again. It ends with whoever started it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
BACKLOG = 1024
READY_SECONDS = 120.0
CONTROL_SECONDS = 60.0

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Served:
    """A server's process, from `with` (or start) to its end (or stop)."""

    module = ""
    """What `python -m` runs: it takes --socket and --upstream."""
    control = ""
    """Where its own requests go; GET on it tells that it is ready."""

    def __init__(self, upstream: str, folder: Path) -> None:
        """`upstream` is an endpoint's URL; `folder` gets the log."""
        self._upstream = upstream
        self._log = folder / f"{self.module}.log"
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """What AWS_ENDPOINT_URL is for whoever is to suffer."""
        return f"http://{HOST}:{self._port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self.module} isn't running")
        return self._process.pid

    def start(self) -> None:
        """Start it, on the port that it had before if it had one."""
        with (
            socket.create_server((HOST, self._port), backlog=BACKLOG) as listener,
            self._log.open("ab") as log,
        ):
            self._port = listener.getsockname()[1]
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", self.module),
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

    def stop(self) -> None:
        """End it at once: whoever connects from now on is refused. Harmless if it doesn't run."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """A request to the server itself; the answer's JSON."""
        request = urllib.request.Request(  # noqa: S310 (an address of ours)
            f"{self.endpoint}{path}",
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
                raise RuntimeError(f"{self.module} ended at once: {self._log.read_text()}")
            try:
                self.ask("GET", self.control)
                return
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline:
                    self.stop()
                    raise
                time.sleep(0.05)


def end_with_parent() -> None:
    """For the server's side: ends it once the other end of its standard input is closed."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
