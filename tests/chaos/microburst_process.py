"""microburst, the fault proxy that we didn't write, as a process on a socket that it inherits.

    python -m tests.chaos.microburst_process --socket <file descriptor> --upstream <URL>

Its own command can't be told to take any free port, and its server refuses requests of more than
1 MiB, where a PutRecords has up to 5 MiB and a third more in base64. All else is microburst's: what
it detects, decides and does.
"""

from __future__ import annotations

import argparse
import logging
import socket

from aiohttp import web
from microburst.control import CONTROL_PREFIX
from microburst.core.pipeline import Microburst

from tests.chaos.served import end_with_parent

MOST_BODY_BYTES = 16 * 1024 * 1024


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
    """Serve until it is killed, or the parent is gone."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.microburst_process")
    parser.add_argument("--socket", required=True, type=int, help="a listening socket's descriptor")
    parser.add_argument("--upstream", required=True, help="where requests go that no rule stops")
    arguments = parser.parse_args()
    end_with_parent()
    logging.basicConfig(level=logging.WARNING)
    listener = socket.socket(fileno=arguments.socket)
    web.run_app(
        application(arguments.upstream),
        sock=listener,
        access_log=None,
        print=None,
        shutdown_timeout=0.1,
    )


if __name__ == "__main__":
    main()
