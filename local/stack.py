"""Starts the embedded AWS, deploys into it with deploy.sh, and ends it.

A stack keeps everything it writes in a folder of its own and has a port of its own, so that any
number of them run side by side. They see neither each other nor what the user's environment says
about AWS.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import IO

from deployment.api_url import api_url
from local.endings import end

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
REGION = "us-east-1"
STAGE = "local"

READY_SECONDS = 30.0
STOP_SECONDS = 5.0
DEPLOY_SECONDS = 300.0
POLL_SECONDS = 0.02
TOKEN_BYTES = 24
METRICS_PUBLISH_SECONDS = 1
"""A demo of a minute wants to be watched by the second."""

BACKLOG = 1024
"""Connections that may wait to be accepted: a phase of 50 tasks opens hundreds at once."""

_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What the server takes over from the user's environment."""


class StackError(Exception):
    """The embedded AWS could not be started or deployed into; the message says where its log is."""


class EmbeddedStack:
    """An embedded AWS that lives as long as a `with` block, or from start() to stop().

    It ends with this process at the latest, also if that is killed.
    """

    def __init__(self, state: Path, settings: Mapping[str, str] | None = None) -> None:
        """`state` is the folder for all that the stack writes; stacks must not share it.

        `settings` are MiniStack's own variables, such as SFN_WAIT_SCALE.
        """
        self._settings = dict(settings or {})
        self._state = state.resolve()
        self._port = 0
        self._token = secrets.token_urlsafe(TOKEN_BYTES)
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> EmbeddedStack:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """What AWS_ENDPOINT_URL is for this stack's clients."""
        return f"http://{HOST}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a client of this stack needs."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test"),
            # What lets a client in (local/guard.py).
            "AWS_SESSION_TOKEN": self._token,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            # The user's own files may set anything, an endpoint of their own included.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }

    @property
    def client_environment(self) -> dict[str, str]:
        """A whole environment for a client's process: ours, with this as the only AWS in it."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**ours, **self.environment}

    @property
    def outputs(self) -> dict[str, str]:
        """What the deployed infrastructure says of itself (infrastructure.yaml, Outputs)."""
        if not self._outputs.exists():
            raise StackError("nothing is deployed into this stack yet")
        outputs: dict[str, str] = json.loads(self._outputs.read_text())
        return outputs

    @property
    def pid(self) -> int:
        """The server's process."""
        if self._server is None:
            raise StackError("the stack is not running")
        return self._server.pid

    @property
    def log(self) -> Path:
        """What the server says; nothing, as long as all is well."""
        return self._state / "server.log"

    @property
    def deploy_log(self) -> Path:
        """What deploy.sh said the last time."""
        return self._state / "deploy.log"

    def start(self) -> None:
        """Starts the server and waits until it answers; raises StackError after READY_SECONDS."""
        if self._server:
            raise StackError(f"the stack at {self.endpoint} is running already")
        for leftover in (self._build, self._temporary):
            rmtree(leftover, ignore_errors=True)
        self._temporary.mkdir(parents=True)
        # Bound here and inherited: from now on the port is ours, and nobody else can take it.
        with (
            socket.create_server((HOST, 0), backlog=BACKLOG) as listener,
            self.log.open("wb") as log,
        ):
            self._port = listener.getsockname()[1]
            self._server = _started(listener, self._server_environment(), log)
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def deploy(self, *, aggregation: str = "off") -> str:
        """Runs deploy.sh against the stack and returns the API's base URL.

        Deploying again updates what is deployed. Raises StackError with the end of deploy.sh's
        output.
        """
        command = [
            *("bash", str(ROOT / "deploy.sh"), "--stage", STAGE, "--region", REGION),
            *("--parameter", f"MetricsPublishInterval={METRICS_PUBLISH_SECONDS}"),
            *("--parameter", f"Aggregation={aggregation}"),
        ]
        environment = {
            **self.client_environment,
            "BUILD_DIR": str(self._build),
            # For a checkout without .venv: deploy.sh then takes the first python3.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        with self.deploy_log.open("wb") as log:
            outcome = _run_in_group(command, environment, log)
        if outcome:
            raise StackError(f"deploy.sh {outcome}:\n{_tail(self.deploy_log)}")
        return api_url(self._build / STAGE / "api", STAGE, self.endpoint)

    def stop(self) -> None:
        """Ends the server and every process that it started; harmless if there is none."""
        server, self._server = self._server, None
        if server:
            _end_group(server)

    @property
    def _build(self) -> Path:
        return self._state / "build"

    @property
    def _outputs(self) -> Path:
        return self._build / STAGE / "outputs.json"

    @property
    def _temporary(self) -> Path:
        return self._state / "tmp"

    def _server_environment(self) -> dict[str, str]:
        """Nothing but what the server needs: its Lambda functions inherit all of it.

        AWS_ENDPOINT_URL must not be there, or they would call that address instead of their stack.
        """
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        as_client = {k: v for k, v in self.environment.items() if k != "AWS_ENDPOINT_URL"}
        return {
            **kept,
            **as_client,
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_REGION": REGION,
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(self._temporary),
            "STATE_DIR": str(self._temporary / "state"),
            # Servers that the demo doesn't need, one of them on a fixed port.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # MiniStack clears containers of its kind away when it starts, other people's too.
            "DOCKER_HOST": f"unix://{self._temporary}/no-docker.sock",
            **self._settings,
        }

    def _wait_until_ready(self) -> None:
        # No proxy, whatever the environment says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._server is None or self._server.poll() is not None:
                raise StackError(
                    f"the embedded AWS ended at once; its log is {self.log}:\n{_tail(self.log)}"
                )
            try:
                with opener.open(f"{self.endpoint}/_ministack/ready", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(POLL_SECONDS)
        raise StackError(
            f"the embedded AWS did not answer within {READY_SECONDS:.0f} s; its log is {self.log}"
        )


def _started(
    listener: socket.socket, environment: Mapping[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    descriptor = listener.fileno()
    return subprocess.Popen(  # nosec B603 # this project's own, by fixed arguments
        [
            *(sys.executable, "-m", "local.server"),
            *("--socket", str(descriptor), "--parent", str(os.getpid())),
        ],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        pass_fds=(descriptor,),
        start_new_session=True,
    )


def _run_in_group(command: list[str], environment: Mapping[str, str], log: IO[bytes]) -> str:
    """Runs a command to its end, and says how it went wrong, if it did.

    Ends the command and what it started after DEPLOY_SECONDS, or if this process is interrupted.
    """
    process = subprocess.Popen(  # nosec B603 # deploy.sh, by fixed arguments
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        code = process.wait(DEPLOY_SECONDS)
        return f"ended with {code}" if code else ""
    except subprocess.TimeoutExpired:
        return f"took more than {DEPLOY_SECONDS:.0f} s"
    finally:
        _end_group(process)


def _end_group(leader: subprocess.Popen[bytes]) -> None:
    """SIGTERM to a process and its group, SIGKILL after STOP_SECONDS.

    Not once the leader is reaped: its number, which is the group's too, may be another's by then.
    """
    if leader.returncode is not None:
        return
    end(leader, STOP_SECONDS, partial(_signal_group, leader))


def _signal_group(leader: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # A group of which only the dead leader is left can't be signalled: macOS says so, Linux not.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, number)


def _tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
