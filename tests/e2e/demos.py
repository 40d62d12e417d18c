"""What the end-to-end tests do to demos: start them, wait, look at their processes, prove them."""

import io
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import psutil

from client.console import Console
from local.demo import prove_demo
from local.ledgers import read_task_logs
from local.platform import LocalPlatform
from local.reader import Post, read_stream
from local.summary import Summary
from tests.clients import client_of

T = TypeVar("T")
PATIENCE_SECONDS = 90.0
TOLD_TOO_EARLY = -signal.SIGTERM
"""How a task ends that is told to before it can listen, and that has sent nothing yet."""


def plan(
    tps: Sequence[float] = (50, 200, 400, 50),
    seconds: Sequence[int] = (3, 3, 3, 3),
    tasks: Sequence[int] = (1, 1, 2, 1),
) -> dict[str, Any]:
    """A small plan that still has all four phases."""
    return {
        "phases": [
            {"target_tps": t, "duration_seconds": s, "task_count": n}
            for t, s, n in zip(tps, seconds, tasks, strict=True)
        ]
    }


def wait_until(what: str, look: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """Return the first true answer of `look`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := look():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s in vain for: {what}")


def in_phase(platform: LocalPlatform, demo_id: str, number: int) -> dict[str, Any]:
    """Wait until the phase has a task; return GET's answer."""

    def look() -> dict[str, Any] | None:
        demo = platform.api.get(demo_id)
        assert demo["status"] == "RUNNING", demo
        sent = any(worker_phase(p) == number for p in pools(demo_id))
        return demo if demo["currentPhase"] == number and sent else None

    return wait_until(f"phase {number} of {demo_id}", look)


def sending_from(platform: LocalPlatform, demo_id: str, number: int, tasks: int) -> None:
    """Wait until that many of the phase's tasks have records in the stream."""

    def look() -> bool:
        found = (post for post in posts(platform, demo_id) if post.phase == number)
        return len({post.producer.partition("-")[0] for post in found}) >= tasks

    wait_until(f"records of {tasks} tasks in phase {number} of {demo_id}", look)


def ended(
    platform: LocalPlatform, demo_id: str, seconds: float = PATIENCE_SECONDS
) -> dict[str, Any]:
    """Wait for the demo's end; return GET's answer."""

    def look() -> dict[str, Any] | None:
        demo = platform.api.get(demo_id)
        return demo if demo["status"] != "RUNNING" else None

    return wait_until(f"the end of {demo_id}", look, seconds)


def proof(platform: LocalPlatform, demo_id: str) -> Summary:
    """Hold the ended demo's ledgers against the stream."""
    return prove_demo(platform, ended(platform, demo_id), Console(io.StringIO()))


def whole(summary: Summary) -> None:
    """Hold that the demo succeeded with every record accounted for.

    Not `summary.ok`: a phase of seconds may be over before a busy machine has started its worker.
    """
    assert summary.status == "SUCCEEDED", summary.complaints()
    found = (summary.lost, summary.unseen, summary.foreign, summary.broken_tasks)
    assert found == (0, 0, 0, 0), summary.complaints()


def ledgers(platform: LocalPlatform, demo_id: str) -> Any:
    return read_task_logs(platform.logs, platform.output("LogGroupName"), demo_id)


def posts(platform: LocalPlatform, demo_id: str) -> list[Post]:
    """The demo's records as they are in the stream."""
    records = read_stream(platform.kinesis, platform.output("StreamName"))
    return [r for r in records if isinstance(r, Post) and r.demo_id == demo_id]


def client(platform: LocalPlatform, service: str) -> Any:
    """A client of the platform's AWS; never by way of a proxy, whatever the environment says."""
    return client_of(platform.stack, service)


def own_stream(demo_id: str) -> str:
    """What a stream of the demo's own is called on this platform."""
    return f"kinesis-demo-local-demo-{demo_id}"


def wait_until_streaming(platform: LocalPlatform, demo_id: str) -> None:
    """Wait until the demo's own stream is there."""
    name = own_stream(demo_id)
    wait_until(f"stream {name}", lambda: name in platform.kinesis.list_streams()["StreamNames"])


def left_of(platform: LocalPlatform, demo_id: str) -> list[str]:
    """The demo's service, active revisions, own stream and processes, as far as there are any."""
    ecs, cluster = platform.ecs, platform.output("ClusterName")
    services = ecs.list_services(cluster=cluster)["serviceArns"]
    found = [arn for arn in services if arn.endswith(f"/demo-{demo_id}")]
    revisions = ecs.get_paginator("list_task_definitions").paginate(status="ACTIVE")
    arns = [arn for page in revisions for arn in page["taskDefinitionArns"]]
    found += [arn for arn in arns if f"-demo-{demo_id}:" in arn]
    streams = platform.kinesis.list_streams()["StreamNames"]
    found += [name for name in streams if name == own_stream(demo_id)]
    return found + [f"process {process.pid}" for process in pools(demo_id)]


def pools(demo_id: str) -> list[psutil.Process]:
    """The first process of each of the demo's tasks, found on this machine."""
    found = [p for p in worker_processes() if environment_of(p).get("DEMO_ID") == demo_id]
    mains = {process.pid for process in found}
    return [process for process in found if _parent_of(process) not in {None, *mains}]


def worker_processes() -> Iterator[psutil.Process]:
    """Every process of a worker on this machine: first ones, and producers."""
    for process in psutil.process_iter():
        try:
            if process.cmdline()[1:] == ["-m", "worker"]:
                yield process
        except psutil.Error:
            continue  # it ended while it was looked at, or is another user's


def worker_phase(pool: psutil.Process) -> int:
    """0 once it is over: nobody can read what a process had that is gone, or not yet buried."""
    return int(environment_of(pool).get("DEMO_PHASE", 0))


def environment_of(process: psutil.Process) -> dict[str, str]:
    """Nothing, if it has ended."""
    try:
        return process.environ()
    except psutil.Error:
        return {}


def _parent_of(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None
