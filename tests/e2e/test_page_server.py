"""The page's server as a stranger meets it: over a socket, with whatever it may be sent."""

import io
import json
import socket
import stat
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from client.console import Console
from client.web import key
from client.web.command import PortTaken, serve_page
from client.web.server import MAX_BODY, PageServer
from tests.e2e.fake_api import FakeApi

KEY = "a-key-of-the-test"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with PageServer(FakeApi(60).api, KEY, 1.0) as server:
        assert server.address("a").endswith(f"/#key={KEY}&demo=a")
        yield int(server.address().split("/#")[0].rpartition(":")[2])


def asked(
    port: int, method: str, path: str, body: object = None, **headers: str | None
) -> tuple[int, Any, dict[str, str]]:
    """Status, body and headers of the answer to a request as the page makes it; None leaves out."""
    own = {
        "Host": f"127.0.0.1:{port}",
        "Origin": f"http://127.0.0.1:{port}",
        "X-Page-Key": KEY,
        "Content-Type": "application/json",
    }
    given = {**own, **{name.replace("_", "-"): value for name, value in headers.items()}}
    content = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Content-Length": str(len(content)), **given}.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(content)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    found = {name.lower(): value for name, value in answer.getheaders()}
    typed = found["content-type"] == "application/json"
    return answer.status, json.loads(text) if typed else text, found


def test_the_page_comes_with_headers_that_let_it_do_nothing_else(port: int) -> None:
    for path in ("/", "/app.js", "/style.css", "/uplot/uPlot.esm.js", "/api/about", "/nothing"):
        _, _, headers = asked(port, "GET", path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        ("ForeignHost", {"Host": "rebound.example"}),
        ("ForeignOrigin", {"Origin": "http://elsewhere.example"}),
        ("ForeignOrigin", {"Origin": None}),
        ("BadKey", {"X_Page_Key": None}),
        ("BadKey", {"X_Page_Key": "guessed"}),
    ],
)
def test_a_demo_is_neither_started_nor_stopped_for_a_stranger(
    port: int, error: str, headers: dict[str, str | None]
) -> None:
    for method, path in (("POST", "/api/demos"), ("DELETE", "/api/demos/an-hour")):
        status, body, _ = asked(port, method, path, {}, **headers)
        assert (status, body["error"]) == (403, error)


@pytest.mark.parametrize(
    "path",
    [
        *("/../statemachine.json", "/%2e%2e/statemachine.json", "/uplot/../server.py"),
        *("/uplot/version.json", "/page/app.js", "/app.js/", "/app.js%00", "/.git/config"),
        *("/api/demos/a/b", "/api/demos/../about", "/api/demos/a%2Fb", "/api/demos/", "/api/"),
    ],
)
def test_there_is_nothing_behind_any_other_path(port: int, path: str) -> None:
    assert asked(port, "GET", path)[0] == 404


def test_a_whole_url_is_no_path(port: int) -> None:
    assert asked(port, "GET", f"http://127.0.0.1:{port}/api/demos")[0] == 404


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{", {}),
        (b"[]", {}),
        (b"\xff", {}),
        (b"{}", {"Content_Type": "text/plain"}),
        (b"{}", {"Content_Length": None}),
        (b"", {"Content_Length": str(MAX_BODY + 1)}),
        (b"", {"Content_Length": "-1"}),
    ],
)
def test_what_is_no_json_object_is_not_passed_on(
    port: int, body: bytes, headers: dict[str, str | None]
) -> None:
    status, said, _ = asked(port, "POST", "/api/demos", body, **headers)
    assert (status, said["status"], said["body"]["error"]) == (200, 400, "BadRequest")


def test_a_method_that_there_is_not_and_a_line_that_is_none_are_refused(port: int) -> None:
    assert asked(port, "PUT", "/api/demos")[0] == 501
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert b"BadRequest" in connection.makefile("rb").read()


def test_what_the_api_says_is_told_with_its_status(port: int) -> None:
    status, said, _ = asked(port, "GET", "/api/demos/an-hour", Origin=None)
    assert (status, said["status"], said["body"]["demoId"]) == (200, 200, "an-hour")
    status, said, _ = asked(port, "GET", "/api/demos/an-hour/metrics?since=oops", Origin=None)
    assert len(said["body"]["series"]["delivered"]) >= 55


def test_a_key_is_kept_for_its_user_alone(tmp_path: Path) -> None:
    first = key.kept(tmp_path / "new")
    file = tmp_path / "new/page.key"
    assert len(first) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key.kept(tmp_path / "new") == first
    file.chmod(0o644)  # somebody else may have read it by now
    assert key.kept(tmp_path / "new") != first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_where_nothing_can_be_written_a_key_is_good_for_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert key.kept(tmp_path / "file") != key.kept(tmp_path / "file")


def test_a_port_that_is_taken_is_an_error_that_says_what_to_try(port: int) -> None:
    with pytest.raises(PortTaken, match=rf"port {port} can't be had .*--port"):
        serve_page(FakeApi(60).api, Console(io.StringIO()), 1.0, None, port, as_json=False)
