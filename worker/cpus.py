"""How many CPUs this task may use, which is how many producers are worth forking.

A container's quota isn't visible in the CPU count: Fargate shows the host's CPUs and limits the
task by its cgroup. So both are read and the smaller one counts, one CPU at least.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def usable_cpus(cgroup: Path = CGROUP) -> int:
    """Return the whole CPUs that this process may keep busy, at least 1."""
    quota = _quota(cgroup)
    available = _affinity()
    return max(1, min(available, math.ceil(quota)) if quota is not None else available)


def cpus_each(processes: int, cgroup: Path = CGROUP) -> float:
    """Return how much of a CPU each of so many processes may use, at most 1."""
    quota = _quota(cgroup)
    return min(1.0, (_affinity() if quota is None else min(_affinity(), quota)) / processes)


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota(cgroup: Path) -> float | None:
    """CPUs' worth of quota: cgroup v2's `cpu.max`, else v1's `cpu.cfs_quota_us`; None: no limit."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if quota in ("max", "-1"):
        return None
    return int(quota) / int(period)
