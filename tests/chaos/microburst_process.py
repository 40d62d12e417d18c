"""microburst, the fault proxy that we didn't write, as a process on a socket that it inherits.

    python -m tests.chaos.microburst_process --socket <file descriptor> --upstream <URL>

Its own command can't be told to take any free port, and its server refuses requests of more than
1 MiB, where a PutRecords has up to 5 MiB and a third more in base64. All else is microburst's: what
it detects, decides and does. It ends with whoever holds the other end of its standard input.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
import threading

from aiohttp import web
from microburst.control import CONTROL_PREFIX
from microburst.core.pipeline import Microburst

MOST_BODY_BYTES = 16 * 1024 * 1024


def end_with_parent() -> None:
    """Has this process end once the other end of its standard input is closed."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def application(upstream: str) -> web.Application:
    """microburst in front of `upstream`, and its control API, as its own command puts them."""
    microburst = Microburst(upstream)
    app = web.Application(client_max_size=MOST_BODY_BYTES)
    app.on_startup.append(microburst.start)
    app.on_cleanup.append(microburst.stop)
    app.router.add_route("*", f"{CONTROL_PREFIX}/{{tail:.*}}", microburst.handle_control)
    app.router.add_route("*", "/{tail:.*}", microburst.handle_proxy)
    return app


def main() -> None:
    """Serve until a signal comes or the parent is gone."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.microburst_process")
    parser.add_argument("--socket", required=True, type=int, help="a listening socket's descriptor")
    parser.add_argument("--upstream", required=True, help="where requests go that no rule stops")
    arguments = parser.parse_args()
    end_with_parent()
    logging.basicConfig(level=logging.WARNING)
    listener = socket.socket(fileno=arguments.socket)
    web.run_app(application(arguments.upstream), sock=listener, access_log=None, print=None)


if __name__ == "__main__":
    main()
