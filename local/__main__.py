"""The edge: `python -m local demo`, `up` and `down`, which `make` calls by the same names."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from client.console import Console
from client.plans import BadPlan, judged_by, read_plan, read_thresholds
from local import background
from local.demo import run_demo
from local.edge import (
    EXPECTED,
    GIVEN_UP,
    INTERRUPTED,
    forget_other_aws,
    interrupt_on_sigterm,
    scratch,
)
from local.kinesis.settings import STREAM_MEMORY, label_of, settings_of
from local.platform import LocalPlatform
from local.records import checked_record
from local.report import Run, report

ROOT = Path(__file__).resolve().parent.parent
TIME_SCALE = "180"
"""The quarter of an hour in which AWS splits a shard that takes too much becomes five seconds."""


def main() -> int:
    arguments = _parser().parse_args()
    console = Console()
    interrupt_on_sigterm()
    forget_other_aws()
    try:
        if arguments.command == "demo":
            return demo(_run(arguments), console)
        return stay(arguments, console)
    except GIVEN_UP:
        console.say("interrupted; everything that was started has been ended")
        return INTERRUPTED
    except EXPECTED as error:
        console.say(console.bad(f"error: {error}"))
        return 1


def stay(arguments: argparse.Namespace, console: Console) -> int:
    """Start a stack that stays, be one, or end it."""
    folder = arguments.folder.resolve()
    if arguments.command == "down":
        return background.down(console, folder)
    command = {"up": background.up, "serve": background.serve}[arguments.command]
    return command(console, folder, _model(arguments))


def demo(run: Run, console: Console) -> int:
    """Run one demo on a platform of its own.

    0 if every record is accounted for and every threshold held; 99 if one is crossed; else 1.
    """
    if run.modelled:
        console.say(label_of(run.model))
    with (
        scratch("kinesis-demo-", console) as folder,
        LocalPlatform(folder, console, aggregation=run.aggregation, settings=run.model) as platform,
    ):
        summary = run_demo(platform, run.body, console)
        report(platform, summary, run, console, ROOT / "reports")
    return summary.exit_code


def _run(arguments: argparse.Namespace) -> Run:
    """What the command line asks for. Raises BadPlan, BadModelSettings."""
    model = _model(arguments)
    body = _kept(arguments.plan, read_plan(arguments.plan))
    if arguments.record is not None:
        body = {**body, "record": checked_record(arguments.record)}
    judged = judged_by(body, arguments.threshold, abort=arguments.abort_on_fail)
    return Run(
        arguments.plan,
        judged,
        arguments.aggregation,
        model,
        record=arguments.record,
        thresholds=tuple(read_thresholds(arguments.threshold)),
        abort_on_fail=arguments.abort_on_fail,
    )


def _model(arguments: argparse.Namespace) -> dict[str, str]:
    return settings_of(arguments.model, arguments.time_scale, arguments.stream_memory)


def _kept(plan: str, body: dict[str, Any]) -> dict[str, Any]:
    """The plan, if its stream stays until it was read back; else BadPlan."""
    stream = body.get("stream")
    if isinstance(stream, dict) and stream.get("mode") == "fresh":
        raise BadPlan(
            f"PLAN={plan} asks for a fresh stream, which goes with its demo, so that there is "
            "nothing to read back; leave `stream` out, or start it on a stack of `make up`"
        )
    return body


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("demo", help="run one demo on a stack of its own, and prove it")
    run.add_argument("--plan", default="quick", help="quick, full, or a JSON file for POST /demo")
    run.add_argument("--record", metavar="FILE", help="a template of records to send")
    run.add_argument("--aggregation", choices=("off", "on"), default="off", help="as the KPL does")
    run.add_argument(
        "--threshold",
        action="append",
        default=[],
        help="what it has to achieve, such as lost==0: exit code 99 if it doesn't; repeatable",
    )
    run.add_argument(
        "--abort-on-fail", action="store_true", help="stop it at a threshold that is crossed"
    )
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
    parser.add_argument(
        "--stream-memory", default=STREAM_MEMORY, metavar="MIB", help="what their records may take"
    )


if __name__ == "__main__":
    sys.exit(main())
