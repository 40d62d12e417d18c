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

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult

from tests.mutants.annotations import annotation_spans
from tests.mutants.outcome import MutationFailed, Outcome, read_outcome

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("worker", "tests")
SECONDS = 20.0
"""A mutant that needs longer loops, and counts as noticed; the tests take three."""


@dataclass(frozen=True)
class Subject:
    """A module and the test files that hold it."""

    module: str
    tests: Sequence[str]


def mutate(subject: Subject, folder: Path) -> Outcome:
    """Run all mutants of one module in a new copy of the tree in `folder`."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    config, session = folder / "mutants.toml", folder / "mutants.sqlite"
    config.write_text(_config(subject))
    _cosmic_ray(folder, "baseline", config.name)
    _cosmic_ray(folder, "init", config.name, session.name)
    _skip_annotations(session, (folder / module_path(subject)).read_text())
    _cosmic_ray(folder, "exec", config.name, session.name)
    return read_outcome(subject.module, _cosmic_ray(folder, "dump", session.name))


def module_path(subject: Subject) -> str:
    return f"worker/{subject.module}.py"


def _skip_annotations(session: Path, source: str) -> None:
    """Mark a session's mutants of annotations as not to be run."""
    spans = list(annotation_spans(source))
    with use_db(session, WorkDB.Mode.open) as work:
        for item in list(work.pending_work_items):
            place = item.mutations[0].start_pos
            if any(start <= place < end for start, end in spans):
                skipped = WorkResult(WorkerOutcome.SKIPPED, output="an annotation")
                work.set_result(item.job_id, skipped)


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
