"""What each command does: ask the API, show the answer, and tell the exit code."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from client import plans, records, reports, show, simulate, thresholds
from client.api import DemoApi
from client.console import Console
from client.thresholds import DONE
from client.watch import POLL_SECONDS, looks, watch
from client.web.command import serve_page
from reporting import comparison

FAILED, INTERRUPTED = thresholds.FAILED, 130
Paint = Mapping[int, Callable[[str], str]]


@dataclass(frozen=True)
class Client:
    """An API, and the person or program that asks."""

    api: DemoApi
    console: Console
    as_json: bool
    call: str
    """How this program is called for this API, for hints that can be copied."""
    poll_seconds: float = POLL_SECONDS
    """Between two looks at a demo that is watched."""

    def show(self, answer: Mapping[str, Any], lines: Callable[[], list[str]]) -> None:
        """Print an answer: as it is, or in `lines`."""
        if self.as_json:
            self.console.say(json.dumps(answer, indent=2))
            return
        for line in lines():
            self.console.say(line)


def start(client: Client, arguments: argparse.Namespace) -> int:
    """Start a demo, and watch it if told to. Raises BadPlan, ApiError."""
    body = _body(arguments)
    demo_id = ""
    try:
        answer = client.api.start(body, dry_run=arguments.dry_run)
        demo_id = answer.get("demoId", "")
        _show_start(client, arguments, answer)
    except KeyboardInterrupt:
        if arguments.dry_run:
            raise
        return _interrupted(client, demo_id)
    return _followed(client, demo_id) if arguments.watch else DONE


def list_demos(client: Client, arguments: argparse.Namespace) -> int:
    """List demos: a page, or all. Raises ApiError."""
    answer = client.api.list(arguments.limit, arguments.token)
    while arguments.all and answer["nextToken"]:
        more = client.api.list(arguments.limit, answer["nextToken"])
        answer = {**more, "demos": [*answer["demos"], *more["demos"]]}
    client.show(answer, lambda: show.listing(answer["demos"], datetime.now(UTC)))
    if answer["nextToken"] and not client.as_json:
        limit = f" --limit {arguments.limit}" if arguments.limit else ""
        token = shlex.quote(answer["nextToken"])
        client.console.say(f"more: {client.call} list{limit} --token={token}")
    return DONE


def status(client: Client, arguments: argparse.Namespace) -> int:
    """Show a demo once. Raises ApiError."""
    demo = client.api.get(arguments.demo_id)
    client.show(demo, lambda: show.status(demo, datetime.now(UTC)))
    return DONE


def follow(client: Client, arguments: argparse.Namespace) -> int:
    """Show a demo until it ends; see thresholds.exit_code. Raises ApiError, PortTaken.

    Without an id it is the newest demo. On the web it is shown as long as the user likes.
    """
    if arguments.web:
        return serve_page(
            client.api,
            client.console,
            client.poll_seconds,
            arguments.demo_id,
            arguments.port,
            as_json=client.as_json,
        )
    demo_id = arguments.demo_id or _newest(client.api)
    if demo_id is None:
        _complain(f"there is no demo to watch; start one with: {client.call} start")
        return FAILED
    return _followed(client, demo_id)


def stop(client: Client, arguments: argparse.Namespace) -> int:
    """Stop a demo. Raises ApiError."""
    answer = client.api.stop(arguments.demo_id)
    client.show(answer, lambda: [answer["message"]])
    return DONE


def report(client: Client, arguments: argparse.Namespace) -> int:
    """Show a demo's result and write its report; see thresholds.exit_code.

    Raises ApiError, LibraryMissing, OSError.
    """
    demo = client.api.get(arguments.demo_id)
    wanted = not client.as_json or arguments.to is not None
    written = reports.write(client.api, demo, arguments.to) if wanted else []

    def lines() -> list[str]:
        *table, verdict = _coloured(client, show.report(demo, datetime.now(UTC)), demo)
        return [*table, *written, verdict]

    client.show(demo, lines)
    return thresholds.exit_code(demo)


def compare(client: Client, arguments: argparse.Namespace) -> int:
    """Show two demos side by side. Raises ApiError, NoReport, LibraryMissing, OSError."""
    a, b = (reports.found(client.api, each) for each in (arguments.a, arguments.b))
    if arguments.to is not None:
        reports.write_comparison(a, b, arguments.to)
    paint: Paint = {1: client.console.good, 0: str, -1: client.console.bad}
    client.show(comparison.as_json(a.document, b.document), lambda: reports.compared(a, b, paint))
    return DONE


def simulated(client: Client, arguments: argparse.Namespace) -> int:
    """Tell what a stream would do. Raises BadPlan, BadQuestion, LibraryMissing, OSError."""
    answer = simulate.document(arguments, Console(sys.stderr) if client.as_json else client.console)
    client.show(answer, lambda: simulate.lines(arguments, answer))
    return DONE


COMMANDS: Mapping[str, Callable[[Client, argparse.Namespace], int]] = {
    "start": start,
    "list": list_demos,
    "status": status,
    "watch": follow,
    "stop": stop,
    "report": report,
    "compare": compare,
    "simulate": simulated,
}


def _body(arguments: argparse.Namespace) -> dict[str, Any]:
    """POST's body: the plan, and what the command line says besides, which comes first."""
    body = dict(plans.read_plan(arguments.plan)) if arguments.plan else {}
    if arguments.phases:
        body["phases"] = plans.read_phases(arguments.phases)
    if arguments.name:
        body["name"] = arguments.name
    if arguments.stream:
        body["stream"] = {"mode": arguments.stream}
    if arguments.warm_throughput is not None:
        body["warm_throughput_mibps"] = arguments.warm_throughput
    if arguments.record:
        body["record"] = records.read_record(arguments.record)
    return plans.judged_by(body, arguments.threshold, abort=arguments.abort_on_fail)


def _newest(api: DemoApi) -> str | None:
    demos = api.list(limit=1)["demos"]
    return demos[0]["demoId"] if demos else None


def _show_start(client: Client, arguments: argparse.Namespace, answer: Mapping[str, Any]) -> None:
    if arguments.watch and client.as_json:
        client.console.say(json.dumps(answer))
    else:
        client.show(answer, lambda: show.started(answer, dry_run=arguments.dry_run))
    if not (arguments.watch or arguments.dry_run or client.as_json):
        client.console.say(f"follow it with: {client.call} watch {answer.get('demoId', '')}")


def _interrupted(client: Client, demo_id: str) -> int:
    """Say that the demo goes on; without an id, that there may be one."""
    client.console.clear()
    if demo_id:
        _complain(f"demo {demo_id} goes on; stop it with: {client.call} stop {demo_id}")
    else:
        _complain(f"the demo may have started all the same; look with: {client.call} list")
    return INTERRUPTED


def _followed(client: Client, demo_id: str) -> int:
    demo: dict[str, Any] = {}
    try:
        if client.as_json:
            for demo in looks(client.api, demo_id, _complain, client.poll_seconds):
                client.console.say(json.dumps(demo))
        else:
            every = client.poll_seconds
            demo = watch(client.api, demo_id, client.console, lambda _: None, every)
            lines = show.report(demo, datetime.now(UTC), costs=False)
            for line in _coloured(client, lines, demo):
                client.console.say(line)
    except KeyboardInterrupt:
        return _interrupted(client, demo_id)
    return thresholds.exit_code(demo)


def _coloured(client: Client, lines: list[str], demo: Mapping[str, Any]) -> list[str]:
    """The last line is the verdict."""
    good = thresholds.exit_code(demo) == DONE
    colour = client.console.good if good else client.console.bad
    return [*lines[:-1], colour(lines[-1])]


def _complain(text: str) -> None:
    print(text, file=sys.stderr)
