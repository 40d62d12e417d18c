"""The pool is sized by the CPUs that the task may use, which its cgroup may limit."""

import os
from pathlib import Path

import pytest

from worker.cpus import usable_cpus

HERE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("cpu_max", "expected"),
    [
        ("max 100000", HERE),
        ("25000 100000", 1),
        ("100000 100000", 1),
        ("150000 100000", min(HERE, 2)),
        ("6400000 100000", HERE),
    ],
)
def test_a_cgroup_v2_quota_limits_the_cpus(tmp_path: Path, cpu_max: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(cpu_max + "\n")
    assert usable_cpus(tmp_path) == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", HERE), ("50000", 1)])
def test_a_cgroup_v1_quota_limits_the_cpus(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert usable_cpus(tmp_path) == expected


def test_without_cgroups_the_affinity_counts(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path) == HERE
