"""The page's server: HTTP on 127.0.0.1, for the browser of the user who started it.

It serves the page's files, and under /api/ what the page asks of the deployed API:

    GET    /api/about                      which API this is, and what the page has to know of it
    GET    /api/demos?token=               the list
    POST   /api/demos?dry_run=true         start a demo
    GET    /api/demos/<id>                 a demo
    DELETE /api/demos/<id>                 stop it
    GET    /api/demos/<id>/metrics?since=  its numbers by the second

What the API says comes as {"status": …, "body": …}, refusals too: they are news for the page, not
mistakes of its own that a browser's console would have to list. What the server itself refuses has
a status of HTTP's.
"""

from __future__ import annotations

import json
import re
import socketserver
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs

from client import plans
from client.api import DemoApi
from client.place import ROOT
from client.web import workflow
from client.web.files import files
from client.web.guard import KEY_HEADER, Guard, Request
from client.web.relay import Relay, Reply

HOST = "127.0.0.1"
MAX_BODY = 64 * 1024
IDLE_SECONDS = 30
STOP_SECONDS = 0.1
"""How long the server may take to notice that it is to stop."""
_DEMO = re.compile(r"/api/demos/([A-Za-z0-9_-]{1,80})(/metrics)?")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class PageServer:
    """Serves from `with` (or start) to its end (or stop). Raises OSError if the port is taken."""

    def __init__(self, api: DemoApi, key: str, every: float, port: int = 0) -> None:
        """The API is asked for a thing `every` so many seconds. `port`: 0 for any that is free."""
        self._http = _Server((HOST, port), _Handler)
        self._http.guard = Guard(self._http.server_address[1], key)
        self._http.relay = Relay(api, every)
        self._http.machine = workflow.drawn(_machine())
        self._key = key
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(STOP_SECONDS,), name="page", daemon=True
        )

    def __enter__(self) -> PageServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def address(self, demo_id: str | None = None) -> str:
        """What to open in a browser. What is behind the # never leaves it."""
        shown = f"&demo={demo_id}" if demo_id else ""
        return f"http://{HOST}:{self._http.guard.port}/#key={self._key}{shown}"

    def join(self) -> None:
        """Serve until the server is stopped, or this thread is interrupted."""
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    guard: Guard
    relay: Relay
    machine: dict[str, Any]

    def server_bind(self) -> None:
        """As HTTPServer's, which looks its own name up; that may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tells of mistakes; not of a browser that goes in the middle of an answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a browser's."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: _Server
    files: ClassVar = files()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Nothing: what goes wrong is answered."""

    def version_string(self) -> str:
        return "kinesis-demo"

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """As everything: in JSON."""
        text = explain or message or HTTPStatus(code).phrase
        self._refuse(code, "BadRequest", text)

    def _serve(self) -> None:
        refusal = self.server.guard.refusal(self._of())
        path = self.path.partition("?")[0]
        if refusal:
            self._refuse(HTTPStatus.FORBIDDEN, refusal.error, refusal.message)
        elif self.command == "GET" and path in self.files:
            file = self.files[path]
            self._send(HTTPStatus.OK, file.content_type, file.content)
        else:
            reply = self._reply(path)
            if reply is None:
                self._refuse(HTTPStatus.NOT_FOUND, "NotFound", "there is nothing at this path")
            else:
                self._json(HTTPStatus.OK, {"status": reply.status, "body": reply.body})

    def _reply(self, path: str) -> Reply | None:
        relay, query = self.server.relay, parse_qs(self.path.partition("?")[2])
        demo = _DEMO.fullmatch(path)
        match self.command, path:
            case "GET", "/api/about":
                return Reply(HTTPStatus.OK, self._about())
            case "GET", "/api/demos":
                return relay.demos(query.get("token", [None])[-1])
            case "POST", "/api/demos":
                return self._start(dry_run=query.get("dry_run") == ["true"])
            case "GET", _ if demo and demo[2]:
                return relay.metrics(demo[1], _number(query.get("since", [""])[-1]))
            case "GET", _ if demo:
                return relay.demo(demo[1])
            case "DELETE", _ if demo and not demo[2]:
                return relay.stop(demo[1])
        return None

    def _about(self) -> dict[str, Any]:
        relay = self.server.relay
        return {
            "api": relay.api.base_url,
            "model": relay.api.stream_model,
            "everySeconds": relay.every,
            "workflow": self.server.machine,
            "quickPhases": plans.QUICK["phases"],
        }

    def _start(self, *, dry_run: bool) -> Reply:
        body = self._body()
        if body is None:
            message = f"send a JSON object of at most {MAX_BODY:,} bytes as application/json"
            return Reply(HTTPStatus.BAD_REQUEST, {"error": "BadRequest", "message": message})
        return self.server.relay.start(body, dry_run=dry_run)

    def _body(self) -> dict[str, Any] | None:
        length = _number(self.headers.get("Content-Length", ""))
        if length is None or length > MAX_BODY:
            self.close_connection = True
            return None
        content = self.rfile.read(length)
        try:
            body = json.loads(content)
        except ValueError:
            return None
        typed = self.headers.get_content_type() == "application/json"
        return body if typed and isinstance(body, dict) else None

    def _of(self) -> Request:
        return Request(
            method=self.command,
            path=self.path,
            hosts=tuple(self.headers.get_all("Host", [])),
            origin=self.headers.get("Origin"),
            fetch_site=self.headers.get("Sec-Fetch-Site"),
            key=self.headers.get(KEY_HEADER),
        )

    def _refuse(self, status: int, error: str, message: str) -> None:
        self.close_connection = True  # whatever body the request has, it is not read
        self._json(status, {"error": error, "message": message})

    def _json(self, status: int, body: Mapping[str, Any]) -> None:
        content = json.dumps(body, separators=(",", ":")).encode()
        self._send(status, "application/json", content)

    def _send(self, status: int, content_type: str, content: bytes) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _machine() -> dict[str, Any]:
    machine: dict[str, Any] = json.loads((ROOT / "statemachine.json").read_text())
    return machine


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
