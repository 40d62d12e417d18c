"""A contender's process, measured from outside: CPU time and memory of it and all its children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil

from bench.errors import ContenderFailed
from bench.sink_process import ROOT

REGION = "us-east-1"
STREAM = "social-media-stream"
STOP_SECONDS = 45.0
"""A worker may take 30 s to drain."""
_WORDS = 600
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Usage:
    """A process tree at one moment."""

    cpu_seconds: float
    """User and system time of all its processes since they started."""
    rss: int
    """Resident bytes of the largest of them."""


class ClientProcess:
    """A client from start to `finish`, or to the end of a `with` block."""

    def __init__(self, module: Sequence[str], environment: Mapping[str, str]) -> None:
        """`module` is what follows `python -m`; `environment` is the client's whole one."""
        self._name = module[0]
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed in __exit__)
        self._process = subprocess.Popen(  # nosec B603 # this project's own, by fixed arguments
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._words,
            start_new_session=True,
        )
        self._tree: list[psutil.Process] = []

    def __enter__(self) -> ClientProcess:
        return self

    def __exit__(self, *_: object) -> None:
        # By the group: a worker's children too. Not once it is reaped: its number may be another's.
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._words.close()

    def pin(self, cpus: Sequence[int]) -> None:
        """Keep it, and what it forks from now on, to these CPUs (Linux only)."""
        if sys.platform == "linux":
            os.sched_setaffinity(self._process.pid, cpus)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def usage(self) -> Usage:
        """Raises ContenderFailed if it, or a process of it, has ended.

        Its processes are those that it has at the first call: looking for them takes long enough to
        disturb what is measured.
        """
        try:
            if not self._tree:
                root = psutil.Process(self._process.pid)
                self._tree = [root, *root.children(recursive=True)]
            times = [process.cpu_times() for process in self._tree]
            return Usage(
                cpu_seconds=sum(time.user + time.system for time in times),
                rss=max(process.memory_info().rss for process in self._tree),
            )
        except psutil.NoSuchProcess as error:
            raise self.failure("one of its processes ended too early") from error

    def stop(self) -> None:
        """Tell it to bring out what it has and end."""
        self._process.terminate()

    def finish(self, seconds: float = STOP_SECONDS) -> dict[str, Any]:
        """Wait for its end; return its last line, which says what it delivered."""
        try:
            output, _ = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise ContenderFailed(self._report(f"did not end within {seconds:.0f} s")) from error
        if self._process.returncode:
            raise ContenderFailed(self._report(f"exit code {self._process.returncode}"))
        try:
            totals: dict[str, Any] = json.loads(output.splitlines()[-1])
            totals["delivered"] += 0
        except (IndexError, ValueError, KeyError, TypeError) as error:
            raise ContenderFailed(self._report("did not say what it delivered")) from error
        return totals

    def failure(self, what: str) -> ContenderFailed:
        """The error to raise, with the client's last words."""
        code = self._process.poll()
        return ContenderFailed(self._report(what if code is None else f"exit code {code}"))

    def _report(self, what: str) -> str:
        self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, self._words.tell() - _WORDS))
        last = self._words.read().decode(errors="replace").strip().splitlines()
        return f"{self._name}: {what}" + (f": {last[-1]}" if last else "")


def client_environment(
    endpoint: str, ca_bundle: str | None, settings: Mapping[str, str]
) -> dict[str, str]:
    """A whole environment in which the only AWS there is answers at `endpoint`."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "AWS_ENDPOINT_URL": endpoint,
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test"),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        **({"AWS_CA_BUNDLE": ca_bundle} if ca_bundle else {}),
        **settings,
    }
