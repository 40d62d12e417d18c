"""What lets in stays in: no output, log, report, file or process title repeats a credential.

Every credential is marked, and looked for in all that is said and written. Beside a demo that goes
well there is an AWS that does its worst: it refuses everything, and explains by repeating the whole
request, as AWS does when a signature doesn't match.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

import psutil
import pytest

from local.platform import LocalPlatform
from local.stack import ROOT
from tests.e2e.demos import PATIENCE_SECONDS, plan, wait_until

MARKED = {
    "AWS_ACCESS_KEY_ID": "AKIA" + "MARKEDKEY0000000",
    "AWS_SECRET_ACCESS_KEY": "a-marked-secret",  # pragma: allowlist secret, made up
    "AWS_SESSION_TOKEN": "a+marked/token==",  # pragma: allowlist secret, made up
}
PROGRAM = str(ROOT / "kinesis-demo")
WORKER = (sys.executable, "-m", "worker")
EXPLAINED = "The signature does not match"


class Refusing(BaseHTTPRequestHandler):
    """Answers 403, and repeats every header of the request."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = "\n".join(f"{name.lower()}:{value}" for name, value in self.headers.items())
        said = f"{EXPLAINED}. The Canonical String should have been\n'{headers}'"
        if "form-urlencoded" in self.headers.get("content-type", ""):
            error = f"<Code>SignatureDoesNotMatch</Code><Message>{escape(said)}</Message>"
            answer = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
        else:
            answer = json.dumps({"__type": "IncompleteSignatureException", "message": said})
        self.send_response(403)
        self.send_header("content-length", str(len(answer)))
        self.send_header("x-amzn-errortype", "IncompleteSignatureException")
        self.end_headers()
        self.wfile.write(answer.encode())

    do_GET = do_POST  # noqa: N815 (the server's own names)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def refusing() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def marked(endpoint: str, build: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **ours,
        **MARKED,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "BUILD_DIR": str(build),
        "NO_PROXY": "127.0.0.1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        (WORKER, {"TARGET_TPS": "50"}),
        (WORKER, {"AGGREGATION": "on"}),
        ((PROGRAM, "list"), {}),
        ((PROGRAM, "start", "--output", "json"), {}),
        (("bash", "deploy.sh", "--stage", "marked"), {}),
    ],
    ids=["worker", "aggregating worker", "client", "client in JSON", "deploy.sh"],
)
def test_a_refusal_that_repeats_the_request_is_not_passed_on_as_it_is(
    refusing: str, tmp_path: Path, command: tuple[str, ...], settings: dict[str, str]
) -> None:
    environment = {
        **marked(refusing, tmp_path),
        **settings,
        "KINESIS_DEMO_URL": refusing,
        "TMPDIR": str(tmp_path),
    }
    output = tmp_path / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        wait_until(
            "an explanation, or the end",
            lambda: process.poll() is not None or EXPLAINED in output.read_text(),
        )
        if command == WORKER:
            process.terminate()  # it would send for ever
        process.wait(PATIENCE_SECONDS)
    finally:
        process.kill()
    said = output.read_text()
    assert EXPLAINED in said
    assert "x-amz-security-token" in said
    assert [value for value in MARKED.values() if value in said] == []


class Titles(threading.Thread):
    """The command lines of all that this process started, also of what lives only shortly."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[str] = set()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.05):
            for process in psutil.Process().children(recursive=True):
                try:
                    self.seen.add(" ".join(process.cmdline()))
                except psutil.Error:
                    continue

    def __enter__(self) -> Titles:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def pages_key(environment: dict[str, str]) -> tuple[str, str]:
    """The key of a page that was served and ended, and all that its server said besides."""
    serving = subprocess.Popen(
        [PROGRAM, "watch", "--web"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert serving.stdout is not None
    before, key = "", ""
    try:
        for line in serving.stdout:
            before += line.partition("#key=")[0]
            if "#key=" in line:
                key = line.partition("#key=")[2].split("&")[0].strip()
                break
        time.sleep(0.3)
        serving.send_signal(signal.SIGINT)
        rest, _ = serving.communicate(timeout=90)
    finally:
        serving.kill()
    assert key
    return key, before + rest


def log_lines(platform: LocalPlatform) -> str:
    groups = platform.logs.describe_log_groups()["logGroups"]
    names = [group["logGroupName"] for group in groups]
    assert any("worker" in name for name in names)
    pages = [platform.logs.filter_log_events(logGroupName=name)["events"] for name in names]
    return "\n".join(event["message"] for page in pages for event in page)


def files_with(folders: list[Path], proofs: list[str]) -> list[Path]:
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    return [p for p in files if any(proof.encode() in p.read_bytes() for proof in proofs)]


def test_a_demo_leaves_no_credential_anywhere(platform: LocalPlatform, tmp_path: Path) -> None:
    token = platform.stack.environment["AWS_SESSION_TOKEN"]
    proofs = [MARKED["AWS_ACCESS_KEY_ID"], MARKED["AWS_SECRET_ACCESS_KEY"], token]
    body = tmp_path / "plan.json"
    body.write_text(json.dumps(plan(seconds=(1, 1, 1, 1)) | {"name": "without-a-trace"}))
    environment = {
        **marked(platform.stack.endpoint, tmp_path / "build"),
        "AWS_SESSION_TOKEN": token,
        "KINESIS_DEMO_URL": platform.api.base_url,
    }
    said = ""
    with Titles() as titles:
        platform.stack.deploy()
        for words in (
            ("start", "--plan", str(body), "--watch", "--output", "json"),
            ("report", "without-a-trace", "--to", str(tmp_path / "report")),
            ("status", "no-such-demo"),
        ):
            done = subprocess.run(
                [PROGRAM, *words], env=environment, capture_output=True, text=True, check=False
            )
            said += done.stdout + done.stderr
        key, about_the_page = pages_key(environment)
    assert "SUCCEEDED" in said
    assert "no-such-demo" in said
    assert any("worker" in title for title in titles.seen)
    assert any("chalice" in title for title in titles.seen)
    told = "\n".join([said, about_the_page, log_lines(platform), *titles.seen])
    assert [proof for proof in (*proofs, key) if proof in told] == []
    left = files_with([platform.folder, tmp_path], [*proofs, key])
    assert [path.name for path in left] == ["page.key"]
