"""The command line of `kinesis-demo`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from client import simulate

PROGRAM = "kinesis-demo"
_EPILOG = """\
exit codes:
  0    done; for watch, report and start --watch: the demo succeeded, and every threshold held
  1    it failed: the API refused or can't be reached, the demo did not succeed, or a threshold
       can't be told
  2    the command line or the plan can't be read, or there is no telling where the API is
  99   a threshold is crossed (watch, report, start --watch)
  130  interrupted; the demo goes on

Requests are signed with the credentials that the AWS tools would use here (AWS_PROFILE,
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, …).
"""
DEMO_ID = re.compile(r"[A-Za-z0-9_-]+")


def parser() -> argparse.ArgumentParser:
    """The whole command line. The options of all commands may stand before the command or after."""
    found = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Start, watch and stop demos of a deployed API.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_common(found, suppressed=False)
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    _add_common(common, suppressed=True)

    def command(name: str, does: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=does, description=does, parents=[common])

    _add_start(command("start", "start a demo"))
    _add_list(command("list", "list demos, newest first"))
    for name, does in (
        ("status", "show how a demo stands, once"),
        ("stop", "stop a demo's workflow and workers"),
    ):
        command(name, does).add_argument("demo_id", metavar="ID", type=_demo_id)
    _add_report(
        command("report", "show a demo's result and write its report; 0 only if it succeeded")
    )
    _add_compare(command("compare", "show two demos side by side"))
    simulate.add_arguments(
        command("simulate", "tell what a stream would do with a traffic, and its cost; no AWS")
    )
    _add_watch(command("watch", "follow a demo until it ends; Ctrl-C leaves it running"))
    return found


def _add_common(to: argparse.ArgumentParser, *, suppressed: bool) -> None:
    """`suppressed`: the option leaves no trace unless given, so that one given before stays."""

    def option(name: str, text: str, **more: object) -> None:
        default = argparse.SUPPRESS if suppressed else more.pop("default", None)
        more.pop("default", None)
        to.add_argument(name, help=text, default=default, **more)  # type: ignore[arg-type]

    option("--url", "the API's address (default: $KINESIS_DEMO_URL, else --stage's)")
    option("--stage", "the stage that deploy.sh deployed from this checkout (default: production)")
    option("--region", "the API's region (default: by its address, else yours)")
    option(
        "--output",
        "json: the API's answer as it is; watch: a line for each look (default: text)",
        choices=("text", "json"),
        default="text",
    )


def _add_start(start: argparse.ArgumentParser) -> None:
    start.add_argument("--name", help="the demo's id (default: one is made up)")
    plan = start.add_mutually_exclusive_group()
    plan.add_argument(
        "--plan",
        metavar="FILE|quick|full",
        help="a plan, or a JSON file with a body for POST /demo",
    )
    plan.add_argument(
        "--phases",
        metavar="TPS:SECONDS[:TASKS],…",
        help="four phases; - is the default plan's own, as in 100:60,20000:120:30,-,100:60",
    )
    start.add_argument(
        "--stream",
        choices=("fresh", "kept"),
        help="a stream of its own, deleted afterwards, or the stack's (default: kept)",
    )
    start.add_argument(
        "--warm-throughput",
        type=int,
        metavar="MIBPS",
        help="MiB/s that the stream is to take at once; it has its price",
    )
    start.add_argument(
        "--record",
        metavar="FILE",
        help="send records by this template instead of posts (docs/templates.md)",
    )
    start.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="THRESHOLD",
        help="what the demo has to achieve, besides what its plan says; may be repeated:"
        " 'achieved_tps>=99%%', 'lost==0', 'phase 2: p99_latency_ms<500'",
    )
    start.add_argument(
        "--abort-on-fail", action="store_true", help="stop the demo at a crossed threshold"
    )
    after = start.add_mutually_exclusive_group()
    after.add_argument(
        "--dry-run", action="store_true", help="start nothing; show plan and estimated cost"
    )
    after.add_argument("--watch", action="store_true", help="follow it until it ends")


def _add_watch(watch: argparse.ArgumentParser) -> None:
    watch.add_argument(
        "demo_id", metavar="ID", nargs="?", type=_demo_id, help="the demo (default: the newest)"
    )
    watch.add_argument(
        "--web", action="store_true", help="as a page, served on this machine until Ctrl-C"
    )
    watch.add_argument(
        "--port", type=_port, default=0, help="the page's port (default: one that is free)"
    )


def _add_list(listing: argparse.ArgumentParser) -> None:
    listing.add_argument("--limit", type=int, help="demos a page (1 to 100, default 20)")
    which = listing.add_mutually_exclusive_group()
    which.add_argument("--token", help="the next page's token, as the page before told it")
    which.add_argument("--all", action="store_true", help="all pages")


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument("demo_id", metavar="ID", type=_demo_id)
    report.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="where report.html and its files go (default: reports/ID; in JSON: nowhere)",
    )


def _add_compare(compare: argparse.ArgumentParser) -> None:
    for name in ("a", "b"):
        compare.add_argument(
            name, metavar=name.upper(), help="a demo's id, its report's folder, or its summary.json"
        )
    compare.add_argument(
        "--to", type=Path, metavar="FILE.html", help="also write a page with both curves"
    )


def _demo_id(text: str) -> str:
    if not DEMO_ID.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no demo's id: `{PROGRAM} list` tells them")
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 1 to 65535, or 0 for any")
    return int(text)
