"""`kinesis-demo watch --web`: serve the page until the user has enough of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from client.api import DemoApi
from client.console import Console
from client.place import ROOT
from client.thresholds import DONE
from client.web import key
from client.web.server import PageServer


class PortTaken(Exception):
    """The port that was asked for can't be had; the message says why, and what to try."""


def serve_page(
    api: DemoApi, console: Console, every: float, demo_id: str | None, port: int, *, as_json: bool
) -> int:
    """Serve the page, and say where. Ends with Ctrl-C; demos go on. `every`: as PageServer's.

    Raises PortTaken, and ApiError for an API that refuses or can't be reached to begin with.
    """
    api.list(limit=1)
    folder = Path(os.environ.get("BUILD_DIR") or ROOT / ".build")
    try:
        server = PageServer(api, key.kept(folder), every, port)
    except OSError as error:
        message = f"port {port} can't be had ({error.strerror}): give another with --port"
        raise PortTaken(message) from None
    with server:
        address = server.address(demo_id)
        if as_json:
            console.say(json.dumps({"page": address}))
        else:
            console.say(f"the page: {address}")
            console.say("its address holds a key to your credentials: don't pass it on")
            console.say("Ctrl-C ends the page, not the demos")
        try:
            server.join()
        except KeyboardInterrupt:
            console.say()
    return DONE
