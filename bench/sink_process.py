"""The sink as its users see it: started, watched while it runs, asked for its report at the end."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import psutil

from bench.arrivals import Log
from bench.errors import SinkFailed

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 10.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Behaviour:
    """How a sink treats what comes."""

    tls: bool = False
    latency: float = 0.0
    """Seconds between a request's arrival and its answer."""
    refuse: float = 0.0
    """Share of entries that are refused as throttled."""


@dataclass(frozen=True)
class SinkReport:
    """What a sink saw. Counts are user records."""

    requests: int
    entries: int
    accepted: int
    refused: int
    wire_bytes: int
    cpu_seconds: float
    log: Log
    """Of accepted records."""

    @property
    def bytes_per_record(self) -> float:
        """Of request bodies, in base64 and JSON."""
        return self.wire_bytes / max(1, self.accepted + self.refused)

    @property
    def records_per_request(self) -> float:
        return (self.accepted + self.refused) / max(1, self.requests)


class SinkProcess:
    """A sink in a process of its own, from start to `finish`, or to the end of a `with` block."""

    def __init__(self, behaviour: Behaviour, tls_chain: Path) -> None:
        self._behaviour = behaviour
        options = ["--latency", str(behaviour.latency), "--refuse", str(behaviour.refuse)]
        if behaviour.tls:
            options += ["--tls-chain", str(tls_chain)]
        self._process = subprocess.Popen(  # nosec B603 # this project's own, by fixed arguments
            [sys.executable, "-m", "bench.sink", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._usage = psutil.Process(self._process.pid)

    def __enter__(self) -> SinkProcess:
        try:
            line = self._read_line(START_SECONDS)
            self._port = int(json.loads(line)["port"])
        except (SinkFailed, ValueError, KeyError) as error:
            self._process.kill()
            raise SinkFailed(f"the sink did not start: {error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def endpoint(self) -> str:
        scheme = "https" if self._behaviour.tls else "http"
        return f"{scheme}://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_seconds(self) -> float:
        times = self._usage.cpu_times()
        return float(times.user + times.system)

    def wait_for_first(self, seconds: float, give_up: Callable[[], bool]) -> bool:
        """Wait until the first PutRecords is there; False if it doesn't come in time, or at all."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if select.select([self._output], [], [], POLL_SECONDS)[0]:
                return bool(self._output.readline())
            if give_up():
                return False
        return False

    def finish(self) -> SinkReport:
        """End the sink; return what it saw."""
        cast("IO[bytes]", self._process.stdin).close()
        lines = self._output.read().splitlines()
        try:
            report = json.loads(lines[-1])
        except (IndexError, ValueError) as error:
            raise SinkFailed("the sink ended without a report") from error
        arrivals = report["arrivals"]
        return SinkReport(
            requests=report["requests"],
            entries=report["entries"],
            accepted=report["accepted"],
            refused=report["refused"],
            wire_bytes=report["wire_bytes"],
            cpu_seconds=report["cpu_seconds"],
            log=Log([a[0] for a in arrivals], [a[1] for a in arrivals]),
        )

    @property
    def _output(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdout)

    def _read_line(self, seconds: float) -> bytes:
        if not select.select([self._output], [], [], seconds)[0]:
            raise SinkFailed(f"no word within {seconds:.0f} s")
        return self._output.readline()
