"""`make demo`: one demo from POST to proof.

POST /demo → follow GET /demo/<id>, and read the stream meanwhile → wait for the last ledger
           → read what is left → hold the two against each other; local/report.py tells the result
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from client.api import ApiError
from client.console import Console
from client.watch import POLL_SECONDS_HERE, watch
from client.web import key
from client.web.server import PageServer
from local.follower import Follower, FollowerEnded
from local.ledgers import TaskLogs, read_task_logs
from local.load import LoadMeter
from local.platform import LocalPlatform
from local.proof import tally_stream
from local.reader import read_stream
from local.stack import StackError
from local.summary import Summary, summarize

LAST_LEDGER_SECONDS = 45.0
"""A worker drains for 30 seconds at most, and its log is shipped within one more."""


class LedgerMissing(Exception):
    """A task did not end in time, so not all ledgers are there."""


def run_demo(platform: LocalPlatform, body: dict[str, Any], console: Console) -> Summary:
    """Run one demo to its end and prove it. Interrupted, it stops the demo first.

    Raises ApiError, LedgerMissing, and AgentEnded or StackError as soon as one of them is gone.
    """
    demo_id = platform.api.start(body)["demoId"]
    console.say(f"Demo {demo_id}: {platform.api.base_url}/demo/{demo_id}")
    with PageServer(platform.api, key.fresh(), POLL_SECONDS_HERE) as page:
        console.say(f"Watch it: {page.address(demo_id)}")
        return _followed(platform, demo_id, console)


def _followed(platform: LocalPlatform, demo_id: str, console: Console) -> Summary:
    meter = LoadMeter(platform.stack.pid)
    stream, log = platform.output("StreamName"), platform.folder / "reader.log"
    with Follower(platform.stack.client_environment, stream, demo_id, log) as follower:

        def look(demo: dict[str, Any]) -> None:
            platform.check()
            follower.check()
            meter.sample(demo["currentPhase"] or 0)

        def trouble(what: str) -> None:
            platform.check()  # what is gone doesn't come back, so there is nothing to wait for
            console.progress(what)

        try:
            demo = watch(platform.api, demo_id, console, look, POLL_SECONDS_HERE, trouble)
        except StackError:  # there is nobody left to stop it
            raise
        except BaseException:
            _stop(platform, demo_id, console)
            raise
        with _told_by_its_cause(platform):
            logs = await_ledgers(platform, demo_id, console)
            with console.step("Reading the rest of the stream back"):
                tally = follower.finish(
                    lambda read: console.progress(f"Reading the stream back: {read:,} records")
                )
    numbers = [phase["phase_number"] for phase in demo["phases"]]
    return summarize(demo, logs, tally, {number: meter.of_phase(number) for number in numbers})


def prove_demo(platform: LocalPlatform, demo: dict[str, Any], console: Console) -> Summary:
    """Hold an ended demo's ledgers against the stream, if nobody has it forget what was read.

    `demo` is GET's answer.
    """
    demo_id = demo["demoId"]
    logs = await_ledgers(platform, demo_id, console)
    records = read_stream(platform.kinesis, platform.output("StreamName"))
    return summarize(demo, logs, tally_stream(demo_id, records), {})


def await_ledgers(platform: LocalPlatform, demo_id: str, console: Console) -> TaskLogs:
    """Return the demo's task logs when all its tasks have ended.

    Raises LedgerMissing, and AgentEnded or StackError if there is nobody left to end them.
    """
    deadline = time.monotonic() + LAST_LEDGER_SECONDS
    while True:
        platform.check()
        logs = read_task_logs(platform.logs, platform.output("LogGroupName"), demo_id)
        if not logs.unended:
            return logs
        if time.monotonic() > deadline:
            raise LedgerMissing(
                f"{len(logs.unended)} tasks of {demo_id} have not ended within "
                f"{LAST_LEDGER_SECONDS:.0f} s, as far as the ECS agent told; its log is "
                f"{platform.folder / 'agent.log'}, their output is in {platform.folder / 'tasks'}"
            )
        console.progress(f"waiting for {len(logs.unended)} tasks to drain")
        time.sleep(0.2)


@contextmanager
def _told_by_its_cause(platform: LocalPlatform) -> Iterator[None]:
    """What fails because the stack or the agent is gone says that."""
    try:
        yield
    except (FollowerEnded, BotoCoreError, ClientError):
        platform.check()
        raise


def _stop(platform: LocalPlatform, demo_id: str, console: Console) -> None:
    try:
        console.say(f"Stopping {demo_id}")
    finally:  # also where nobody reads it
        try:
            platform.api.stop(demo_id)
        except ApiError as error:
            console.say(console.bad(f"could not stop it through the API: {error}"))
