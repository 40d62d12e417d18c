"""What the figures were measured on and with."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("boto3", "botocore", "aws_kinesis_agg", "async-kinesis", "aiokpl")
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """A machine, a moment and the software, in words."""

    cpu: str
    cores: int
    memory_gb: float
    system: str
    python: str
    packages: dict[str, str]
    load: float
    """Processes that wanted a CPU before the benchmark began, the last minute's mean."""
    at: str
    """UTC."""
    command: str


def this_machine(command: str) -> Machine:
    """Describe where this process runs; `command` is what was asked for."""
    return Machine(
        cpu=_cpu(),
        cores=psutil.cpu_count() or 1,
        memory_gb=psutil.virtual_memory().total / 1e9,
        system=platform.system(),
        python=platform.python_version(),
        packages={name: version(name) for name in PACKAGES},
        load=psutil.getloadavg()[0],
        at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        command=command,
    )


def _cpu() -> str:
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
