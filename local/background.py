"""`make up` and `make down`: a platform that stays while you try things.

`up` starts `serve` as a process of its own and waits until it has written where it is; `down` ends
that process by its id. `serve` holds a lock on what it wrote for as long as it lives, which is how
both know that the id is still its own, whatever the clock did in between.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any, NoReturn

import psutil

from client.console import Console
from local.endings import end
from local.kinesis.settings import label_of
from local.platform import LocalPlatform
from local.stack import DEPLOY_SECONDS, READY_SECONDS, REGION, StackError

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".local"
"""Where a stack that stays keeps its files; one stack a folder."""
UP_SECONDS = READY_SECONDS + DEPLOY_SECONDS + 10.0
"""What the platform gives itself, which says why, and a little more."""
DOWN_SECONDS = 40.0
CHECK_SECONDS = 1.0


def up(console: Console, folder: Path, model: Mapping[str, str]) -> int:
    """Start the platform in the background, or say that it runs; print how to use it.

    `model`: the streams' (local.kinesis.settings); of one that runs already, its own is told.
    """
    stack = running(folder)
    if stack is None:
        with console.step("Starting the stack"):
            stack = _start(folder, model)
    for line in how_to_use(stack["endpoint"], stack["api"], stack["token"]):
        console.say(line)
    console.say()
    console.say(label_of(stack["model"]))
    if stack["model"] != model:
        console.say("(that is how it was started; make down ends it)")
    return 0


def how_to_use(endpoint: str, url: str, token: str) -> list[str]:
    """What to type to use the stack. Requests to its API are signed, as on AWS; any key will do.

    The token is what lets in (local/guard.py). curl reads its header from standard input: other
    users may see a program's arguments.
    """
    client = f"./kinesis-demo --url {url}"
    names = "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY"
    header = 'echo "x-amz-security-token: $AWS_SESSION_TOKEN"'
    curl = f'curl -sH @- --aws-sigv4 "aws:amz:{REGION}:execute-api" --user test:test'
    return [
        "",
        f"The stack is up: {endpoint}",
        "",
        f"  say who calls     export {names}=test AWS_SESSION_TOKEN={token}",
        f"  start a demo      {client} start --plan quick --watch",
        f"  list all          {client} list",
        f"  watch one         {client} watch <demoId>",
        f"  or see it all     {client} watch --web",
        f"  stop it           {client} stop <demoId>",
        f"  or by hand        {header} | {curl} {url}/demo",
        "  end the stack     make down",
    ]


def down(console: Console, folder: Path) -> int:
    """End the platform; harmless if none runs."""
    stack = running(folder)
    if stack is None:
        console.say("no stack is up")
        return 0
    with console.step("Ending the stack"):
        try:
            process = psutil.Process(stack["pid"])
            process.terminate()
            process.wait(DOWN_SECONDS)
        except psutil.NoSuchProcess:
            return 0  # it ended meanwhile, which was the wish
        except psutil.TimeoutExpired as stuck:
            console.say(f"process {stuck.pid} does not end; its log is {_log(folder)}")
            return 1
    return 0


def serve(console: Console, folder: Path, model: Mapping[str, str]) -> NoReturn:
    """Keep a platform up until SIGTERM; what `up` runs in the background.

    Raises AgentEnded or StackError when one of them is gone: half a platform is none.
    """
    with LocalPlatform(folder / "stack", console, settings=model) as platform:
        state = {
            "pid": os.getpid(),
            "endpoint": platform.stack.endpoint,
            "api": platform.api.base_url,
            "token": platform.stack.environment["AWS_SESSION_TOKEN"],
            "model": dict(model),
        }
        with told(folder, state):
            while True:
                platform.check()
                time.sleep(CHECK_SECONDS)


@contextmanager
def told(folder: Path, state: Mapping[str, Any]) -> Iterator[None]:
    """Say to `running` that this process serves, as long as the block lasts."""
    partial = _state(folder).with_suffix(".part")
    with partial.open("w") as file:
        json.dump(state, file)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        partial.rename(_state(folder))
        try:
            yield
        finally:
            _state(folder).unlink(missing_ok=True)


def running(folder: Path) -> dict[str, Any] | None:
    """What `serve` wrote, if that very process still lives."""
    try:
        with _state(folder).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return dict(json.load(file))
    except FileNotFoundError:
        pass
    return None


def _start(folder: Path, model: Mapping[str, str]) -> dict[str, Any]:
    rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)  # what is in it lets into the stack
    with _log(folder).open("wb") as log:
        process = subprocess.Popen(  # nosec B603 # this project's own, by fixed arguments
            [
                *(sys.executable, "-m", "local", "serve", "--folder", str(folder)),
                *("--model", model["ON_DEMAND_MODEL"], "--time-scale", model["TIME_SCALE"]),
                *("--stream-memory", model["STREAM_MEMORY"]),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + UP_SECONDS
    stack = None
    try:
        while time.monotonic() < deadline and process.poll() is None:
            stack = running(folder)
            if stack is not None:
                return stack
            time.sleep(0.1)
    finally:
        if stack is None:
            end(process, DOWN_SECONDS)
    within = "" if time.monotonic() < deadline else f" within {UP_SECONDS:.0f} s"
    raise StackError(f"the stack did not come up{within}:\n{_log(folder).read_text()}")


def _state(folder: Path) -> Path:
    return folder / "up.json"


def _log(folder: Path) -> Path:
    return folder / "up.log"
