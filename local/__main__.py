"""The edge: `python -m local demo`, `up` and `down`, which `make` calls by the same names."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree
from types import FrameType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from client.api import ApiError
from client.console import Console
from client.plans import BadPlan, read_plan
from local import background
from local.demo import LedgerMissing, run_demo
from local.kinesis.settings import BadModelSettings, label_of, settings_of
from local.platform import AgentEnded, LocalPlatform
from local.records import checked_record
from local.report import Run, report
from local.stack import StackError
from reporting.folder import LibraryMissing

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED = 130
TIME_SCALE = "180"
"""The quarter of an hour in which AWS splits a shard that takes too much becomes five seconds."""
_EXPECTED = (
    *(StackError, AgentEnded, ApiError, LedgerMissing, BadPlan, BadModelSettings),
    *(BotoCoreError, ClientError, OSError, LibraryMissing),
)
"""What can go wrong around the demo, and is told in a line."""


def main() -> int:
    arguments = _parser().parse_args()
    console = Console()
    signal.signal(signal.SIGTERM, _interrupt)
    _forget_other_aws()
    try:
        if arguments.command == "demo":
            model = settings_of(arguments.model, arguments.time_scale)
            return demo(arguments.plan, arguments.aggregation, model, console, arguments.record)
        return stay(arguments, console)
    except _EXPECTED as error:
        console.say(console.bad(f"error: {error}"))
        return 1
    except KeyboardInterrupt:
        console.say("interrupted; everything that was started has been ended")
        return INTERRUPTED


def stay(arguments: argparse.Namespace, console: Console) -> int:
    """Start a stack that stays, be one, or end it."""
    folder = arguments.folder.resolve()
    if arguments.command == "down":
        return background.down(console, folder)
    command = {"up": background.up, "serve": background.serve}[arguments.command]
    return command(console, folder, settings_of(arguments.model, arguments.time_scale))


def demo(
    plan: str,
    aggregation: str,
    model: Mapping[str, str],
    console: Console,
    record: str | None = None,
) -> int:
    """Run one demo on a platform of its own; 0 if every record is accounted for."""
    body = _kept(plan, read_plan(plan))
    if record is not None:
        body = {**body, "record": checked_record(record)}
    run = Run(plan, body, aggregation, model, record)
    if run.modelled:
        console.say(label_of(model))
    folder = Path(tempfile.mkdtemp(prefix="kinesis-demo-"))
    try:
        with LocalPlatform(folder, console, aggregation=aggregation, settings=model) as platform:
            summary = run_demo(platform, run.body, console)
            report(platform, summary, run, console, ROOT / "reports")
    except _EXPECTED:
        console.say(f"what the platform wrote is kept in {folder}")
        raise
    except KeyboardInterrupt:
        rmtree(folder, ignore_errors=True)
        raise
    rmtree(folder, ignore_errors=True)
    return 0 if summary.ok else 1


def _kept(plan: str, body: dict[str, Any]) -> dict[str, Any]:
    """The plan, if its stream stays until it was read back; else BadPlan."""
    stream = body.get("stream")
    if isinstance(stream, dict) and stream.get("mode") == "fresh":
        raise BadPlan(
            f"PLAN={plan} asks for a fresh stream, which goes with its demo, so that there is "
            "nothing to read back; leave `stream` out, or start it on a stack of `make up`"
        )
    return body


def _forget_other_aws() -> None:
    """Drop what the environment says about AWS: a profile of the user's is no part of this."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("demo", help="run one demo on a stack of its own, and prove it")
    run.add_argument("--plan", default="quick", help="quick, full, or a JSON file for POST /demo")
    run.add_argument("--record", metavar="FILE", help="a template of records to send")
    run.add_argument("--aggregation", choices=("off", "on"), default="off", help="as the KPL does")
    for name, what in (
        ("up", "start a stack that stays"),
        ("down", "end it"),
        ("serve", "what `up` runs in the background"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("--folder", type=Path, default=background.FOLDER)
    for name in ("demo", "up", "serve"):
        _model_arguments(commands.choices[name])
    return parser


def _model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", choices=("on", "off"), default="on", help="streams throttle and grow"
    )
    parser.add_argument("--time-scale", default=TIME_SCALE, help="they grow so many times faster")


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
