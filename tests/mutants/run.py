"""Runs cosmic-ray over a module in a copy of the tree, and tells which mutants no test noticed.

cosmic-ray changes a file in place, one small thing at a time, and runs the tests that are given for
it. Each module has a copy of its own, so that two can be under test at once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.annotations import skip_annotations

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("worker", "tests")
SECONDS = 20.0
"""A mutant that needs longer loops, and counts as noticed; the tests take three."""


@dataclass(frozen=True)
class Subject:
    """A module and the test files that hold it."""

    module: str
    tests: Sequence[str]


@dataclass(frozen=True, order=True)
class Mutant:
    """One line of a module before and after."""

    module: str
    was: str
    became: str


@dataclass(frozen=True)
class Outcome:
    """What became of all mutants of a module."""

    module: str
    mutants: int
    survivors: tuple[Mutant, ...]
    """With repetitions: some operators make the same line."""


class MutationFailed(Exception):
    """The tests fail without any mutation, or cosmic-ray itself failed."""


def mutate(subject: Subject, folder: Path) -> Outcome:
    """Run all mutants of one module in a new copy of the tree in `folder`."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    config, session = folder / "mutants.toml", folder / "mutants.sqlite"
    config.write_text(_config(subject))
    _cosmic_ray(folder, "baseline", config.name)
    _cosmic_ray(folder, "init", config.name, session.name)
    skip_annotations(session, (folder / module_path(subject)).read_text())
    _cosmic_ray(folder, "exec", config.name, session.name)
    return read_outcome(subject.module, _cosmic_ray(folder, "dump", session.name))


def module_path(subject: Subject) -> str:
    return f"worker/{subject.module}.py"


def read_outcome(module: str, dump: str) -> Outcome:
    """Read cosmic-ray's dump: a line a mutant, [what was to be done, what came of it]."""
    results = [json.loads(line)[1] for line in dump.splitlines()]
    if not results or any(result is None for result in results):
        raise MutationFailed(f"{module}: {len(results)} mutants, and not all of them were run")
    results = [result for result in results if result["worker_outcome"] != "skipped"]
    abnormal = [result for result in results if result["worker_outcome"] != "normal"]
    if abnormal:
        raise MutationFailed(f"{module}: {abnormal[0]['worker_outcome']}: {abnormal[0]['output']}")
    survived = [result["diff"] for result in results if result["test_outcome"] == "survived"]
    return Outcome(module, len(results), tuple(read_mutant(module, diff) for diff in survived))


def read_mutant(module: str, diff: str) -> Mutant:
    """The changed lines of a unified diff, without its two lines of file names."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    was, became = (
        "\n".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return Mutant(module, was, became)


def _config(subject: Subject) -> str:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--noconftest"]
    command += ["-p", "no:cacheprovider", "-p", "tests.mutants.quick", *subject.tests]
    return f"""\
[cosmic-ray]
module-path = "{module_path(subject)}"
timeout = {SECONDS}
excluded-modules = []
test-command = {json.dumps(" ".join(command))}
[cosmic-ray.distributor]
name = "local"
"""


def _cosmic_ray(folder: Path, *arguments: str) -> str:
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [Path(sys.executable).with_name("cosmic-ray"), *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MutationFailed(f"cosmic-ray {arguments[0]}: {done.stdout}{done.stderr}".strip())
    return done.stdout
