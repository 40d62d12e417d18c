"""Every package that is installed is one release of it, known by its hash."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.template import ROOT

REQUIREMENTS = ROOT / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))
PINNED = re.compile(
    r"[A-Za-z0-9][\w.-]*(\[[\w,-]+\])?==[\w.!+-]+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+"
)


def entries(lock: Path) -> list[str]:
    """A lock file's requirements, each with the lines that continue it."""
    lines = lock.read_text().replace(" \\\n", "\0").splitlines()
    return [line.replace("\0", " \\\n") for line in lines if line.strip()]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_file_holds_releases_and_their_hashes_and_no_registrys_name(lock: Path) -> None:
    found = entries(lock)
    assert len(found) > 5
    assert [entry for entry in found if not PINNED.fullmatch(entry)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_what_is_asked_for_is_what_is_locked(lock: Path) -> None:
    asked = {
        line.partition("==")[0].partition("[")[0].lower().replace("_", "-")
        for line in lock.with_suffix(".in").read_text().splitlines()
        if line and not line.startswith(("#", "-r"))
    }
    locked = {re.split(r"[=\[]", entry)[0].lower() for entry in entries(lock)}
    assert asked <= locked


def test_whatever_installs_demands_the_hashes() -> None:
    installs = [
        line
        for path in ("Makefile", "worker/Dockerfile", ".ci/run", "kinesis-demo")
        for line in (ROOT / path).read_text().splitlines()
        if "pip install" in line
    ]
    assert len(installs) == 4
    assert [line for line in installs if "--require-hashes" not in line] == []


@pytest.mark.parametrize(
    "entry",
    [
        "boto3==1.43.106",
        "boto3>=1 \\\n    --hash=sha256:" + "0" * 64,
        "boto3 \\\n    --hash=sha256:" + "0" * 64,
        "boto3==1 \\\n    --hash=md5:" + "0" * 32,
        "boto3 @ https://example.com/boto3.whl \\\n    --hash=sha256:" + "0" * 64,
        "--index-url https://example.com",
        "-e .",
    ],
)
def test_an_entry_that_could_be_another_package_tomorrow_would_be_noticed(entry: str) -> None:
    assert not PINNED.fullmatch(entry)
