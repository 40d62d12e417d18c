"""The report of a demo on this machine: the table for the terminal, and the folder.

What nobody but this machine knows is added here: what it ran on, and by which command.
"""

from __future__ import annotations

import json
import platform as machine
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from client.console import Console
from client.seconds import seconds_of
from local.kinesis.settings import STREAM_MEMORY
from local.kinesis.settings import described as model_in_words
from local.platform import LocalPlatform
from local.summary import Summary
from local.table import table
from reporting import folder
from reporting.document import Document, phases_option
from reporting.seconds import Seconds, with_stream
from worker.cpus import usable_cpus

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("boto3", "ministack", "chalice", "numpy", "orjson")
COMPLETE_SECONDS = 10.0
"""What the workers published is read when their tasks have ended, which ECS may notice later."""


@dataclass(frozen=True)
class Run:
    """What `make demo` was told."""

    plan: str
    body: dict[str, Any]
    aggregation: str
    model: Mapping[str, str]
    """ON_DEMAND_MODEL and TIME_SCALE."""
    record: str | None = None
    """The file with the template of its records; None for posts."""
    thresholds: tuple[str, ...] = ()
    """Besides the plan's own."""
    abort_on_fail: bool = False

    @property
    def modelled(self) -> bool:
        return self.model["ON_DEMAND_MODEL"] == "on"

    @property
    def stream_model(self) -> str | None:
        """The model in words; None without one."""
        return model_in_words(self.model) or None

    @property
    def note(self) -> str:
        """What a picture of it has to say."""
        return f"embedded stack; {self.stream_model or 'its stream takes whatever comes'}"


def report(
    platform: LocalPlatform, summary: Summary, run: Run, console: Console, reports: Path
) -> Path:
    """Print the result and write its folder; return report.html's path.

    Raises LibraryMissing, ApiError, OSError.
    """
    console.say()
    for line in table(summary):
        console.say(line)
    for line in summary.complaints():
        console.say(console.bad(line))
    seconds, notes = _seconds(platform, summary)
    document = described(summary, run, platform.stack.environment["AWS_REGION"], notes)
    path = folder.write(reports / summary.demo_id, document, seconds, run.note)
    console.say(f"report: {path}")
    paint = console.good if summary.passed else console.bad
    console.say(paint(summary.verdict()))
    return path


def described(summary: Summary, run: Run, region: str, notes: list[str]) -> dict[str, Any]:
    """The document: the summary, and how and where it came about."""
    document = summary.as_dict()
    environment = {
        "plan": run.plan,
        "stream_model": run.stream_model,
        "time_scale": float(run.model["TIME_SCALE"]) if run.modelled else None,
        "aggregation": run.aggregation,
        "record": run.record,
        "region": region,
        "cpus": usable_cpus(),
        "system": f"{machine.system()} {machine.machine()}",
        "python": machine.python_version(),
        "commit": _commit(),
        "versions": {name: version(name) for name in PACKAGES},
    }
    return {
        **document,
        "thresholds": document.get("thresholds", ()),
        "complaints": summary.complaints(),
        "notes": notes,
        "environment": environment,
        "reproduce": _commands(document, run),
    }


def _commands(document: Document, run: Run) -> list[str]:
    given = {
        "PLAN": run.plan,
        "AGGREGATION": run.aggregation,
        "MODEL": run.model["ON_DEMAND_MODEL"],
    }
    if run.modelled:
        given["TIME_SCALE"] = run.model["TIME_SCALE"]
    if run.model.get("STREAM_MEMORY", STREAM_MEMORY) != STREAM_MEMORY:
        given["STREAM_MEMORY"] = run.model["STREAM_MEMORY"]
    if run.record:
        given["RECORD"] = run.record
    if run.thresholds:
        given["THRESHOLDS"] = ", ".join(run.thresholds)
    if run.abort_on_fail:
        given["ABORT_ON_FAIL"] = "on"
    commands = [
        "make demo " + " ".join(f"{name}={shlex.quote(value)}" for name, value in given.items())
    ]
    if run.plan not in ("quick", "full"):
        commands.append(f"# {run.plan} holds: {json.dumps(run.body)}")
    if run.record:
        commands.append(f"# {run.record} holds: {json.dumps(run.body['record'])}")
    commands += [
        "# the same plan on AWS:",
        f"./kinesis-demo start --phases {phases_option(document)}"
        + (f" --record {shlex.quote(run.record)}" if run.record else ""),
    ]
    return commands


def _seconds(platform: LocalPlatform, summary: Summary) -> tuple[Seconds, list[str]]:
    """What the workers published, and what the stream took."""
    deadline = time.monotonic() + COMPLETE_SECONDS
    demo = {
        "demoId": summary.demo_id,
        "startDate": summary.started_at,
        "stopDate": summary.ended_at,
    }
    while True:
        seconds, notes = seconds_of(platform.api, demo)
        if not notes or time.monotonic() > deadline:
            return with_stream(seconds, summary.arrivals), notes
        time.sleep(0.2)


def _commit() -> str | None:
    """The checkout's commit, and whether anything was changed since; None if git can't tell."""
    git = shutil.which("git")
    if git is None:
        return None
    asked = [git, "describe", "--always", "--dirty", "--exclude=*"]
    told = subprocess.run(  # nosec B603 # git, by fixed arguments
        asked, cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or None
