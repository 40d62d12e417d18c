"""The embedded AWS as a process: MiniStack behind gateway and guard, on a socket that it inherits.

    python -m local.server --socket <file descriptor> --parent <process id>

The socket listens already: whoever starts the server has chosen its port and holds it, so no other
program can take it in between, and requests that come early wait.

It ends on SIGTERM, on SIGINT, and by itself when its parent is gone, so that a killed runner leaves
nothing behind. Its Lambda functions' processes end with it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import resource
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import psutil
from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app as ministack

from local.errortypes import name_errors
from local.expiry import look_seldom
from local.functionlogs import keep_newest_logs
from local.gateway import Gateway
from local.guard import Guard
from local.kinesis.plane import KinesisPlane
from local.kinesis.settings import described, most_bytes, policy_of
from local.points import forget_old_points, hold_packed_points
from local.silence import wait_briefly

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework

PARENT_POLL_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 75
BACKLOG = 1024
"""Connections that may wait to be accepted, once the loop has taken the socket over."""

OPEN_FILES = 10_240
"""As many as macOS allows, which refuses to be asked for no limit."""

REAP_SECONDS = 1.0
GRACE_SECONDS = 0.2
"""How long requests that are under way at the end may still take."""


def watch_parent(parent: int) -> None:
    """Has this process end once `parent` is no longer its parent."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_POLL_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def allow_many_connections() -> None:
    """Raises the limit of open files; 50 tasks' connections alone may pass the usual 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def spare_the_collector() -> None:
    """Has Python look for cyclic garbage rarely: a stream of a million records is no garbage.

    At the usual pace each full look takes seconds by then, and nothing is answered meanwhile.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


def end_children() -> None:
    """Ends the processes of Lambda functions. They hold no state worth waiting for."""
    children = psutil.Process().children(recursive=True)
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(children, timeout=REAP_SECONDS)


def run(socket: int) -> None:
    """Serves until a signal comes."""
    config = Config()
    config.bind = [f"fd://{socket}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.graceful_timeout = GRACE_SECONDS
    config.backlog = BACKLOG
    config.loglevel = "WARNING"
    asyncio.run(serve_then_end(config))


async def serve_then_end(config: Config) -> None:
    """Serves, then ends the process without waiting for its threads.

    An execution in a Wait state is such a thread, and would hold the process for as long.
    """
    plane = KinesisPlane(
        ministack, policy_of(os.environ), time.time, most_bytes=most_bytes(os.environ)
    )
    gateway = Gateway(ministack, plane, described(os.environ))
    # Without a token there is nobody who may use the stack, hence no stack: a KeyError.
    token, checks = os.environ["AWS_SESSION_TOKEN"], os.environ.get("AUTH", "").lower() == "true"
    await serve(cast("ASGIFramework", Guard(gateway, token, checks)), config)
    end_children()
    os._exit(0)


def main() -> None:
    """Runs the server that the command line describes."""
    parser = argparse.ArgumentParser(prog="python -m local.server")
    parser.add_argument("--socket", required=True, type=int, help="a listening socket's descriptor")
    parser.add_argument("--parent", required=True, type=int, help="end when this process is gone")
    arguments = parser.parse_args()
    watch_parent(arguments.parent)
    hold_packed_points()
    look_seldom(forget_old_points)
    name_errors()
    keep_newest_logs()
    wait_briefly()
    spare_the_collector()
    allow_many_connections()
    run(arguments.socket)


if __name__ == "__main__":
    main()
