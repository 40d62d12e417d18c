"""`python -m local`, which is `make demo`, `make up` and `make down`, as a person runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import psutil
import pytest

from client.api import ApiError, DemoApi
from client.signing import with_key
from local.background import running
from local.stack import REGION
from reporting.seconds import of_csv
from tests.e2e.demos import plan, wait_until
from tests.reports import numbers_in, shown

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(seconds=(10, 10, 10, 10))))
    return path


@pytest.fixture
def marked(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment that marks every process started with it; none may be left, and no file."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    yield {**os.environ, "LANG": f"C.UTF-8@{mark}", "TMPDIR": str(temporary)}
    wait_until("every process to end", lambda: not processes_with(mark))
    assert list(temporary.iterdir()) == []


def processes_with(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("LANG", "").endswith(mark):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "local", *arguments]


def run_demo(plan_file: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("demo", "--plan", str(plan_file), "--threshold", "lost==0, achieved_tps>=1%"),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_a_demo_ends_with_a_verdict_a_summary_and_exit_code_0(
    plan_file: Path, marked: dict[str, str]
) -> None:
    ran = run_demo(plan_file, marked)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    verdict = re.fullmatch(
        r"demo (\S+) SUCCEEDED: ([\d,]+) generated, ([\d,]+) delivered, 0 lost, 0 duplicates",
        ran.stdout.splitlines()[-1],
    )
    assert verdict, ran.stdout
    folder = ROOT / "reports" / verdict[1]
    summary = json.loads((folder / "summary.json").read_text())
    page = (folder / "report.html").read_text()
    in_stream = of_csv((folder / "timeseries.csv").read_text(), 0, 1).sums()["in_stream"]
    assert f"report: {folder / 'report.html'}" in ran.stdout.splitlines()
    rmtree(folder)
    told = {path: float(value) for path, value, _ in shown(page)}
    assert told == dict(numbers_in(summary))
    sums = summary["timeseries"]["sums"]
    assert in_stream == sums["in_stream"] == summary["delivered"]
    assert (sums["offered"], sums["accepted"]) == (summary["generated"], summary["acknowledged"])
    assert (sums["throttled"], sums["failed"]) == (summary["throttled"], summary["failed"])
    assert all(p["latency_ms"]["p99"] >= p["latency_ms"]["p50"] > 0 for p in summary["phases"])
    assert "The stream is a model's" in page
    assert [told["ok"] for told in summary["thresholds"]] == [True, True]
    assert summary["generated"] == summary["delivered"] == int(verdict[2].replace(",", "")) > 0
    assert (summary["lost"], summary["failed"], summary["duplicates"]) == (0, 0, 0)
    assert [phase["phase_number"] for phase in summary["phases"]] == [1, 2, 3, 4]
    assert [phase["target_tps"] for phase in summary["phases"]] == [50, 200, 400, 50]
    assert {"achieved_tps", "task_count", "duration_seconds", "seconds_to_target"} <= set(
        summary["phases"][0]
    )


@pytest.mark.parametrize("read", [True, False], ids=["read", "read by nobody any more"])
def test_interrupted_in_the_middle_of_a_phase_it_ends_everything(
    tmp_path: Path, marked: dict[str, str], read: bool
) -> None:
    """Ctrl-C reaches also whoever the output is piped to."""
    long_plan = tmp_path / "long.json"
    long_plan.write_text(json.dumps(plan(seconds=(60, 60, 60, 60))))
    process = subprocess.Popen(
        command("demo", "--plan", str(long_plan)),
        cwd=ROOT,
        env=marked,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        if line.startswith("phase 1") and "tasks 1/1" in line:
            break
    if not read:
        process.stdout.close()
    os.killpg(process.pid, signal.SIGINT)
    if read:
        rest = process.stdout.read()
        assert "Stopping demo-" in rest
        assert "everything that was started has been ended" in rest
    assert process.stderr.read() == ""
    assert process.wait(600) == 130


def test_a_stack_that_stays_takes_a_demo_and_ends_when_told(
    tmp_path: Path, marked: dict[str, str]
) -> None:
    where = ("--folder", str(tmp_path / "stays"))

    def run(name: str, *more: str) -> str:
        ran = subprocess.run(
            command(name, *where, *more),
            cwd=ROOT,
            env=marked,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return ran.stdout

    shown = run("up", "--time-scale", "90")
    assert "model of on-demand scaling (docs/model.md), which reacts 90 times faster" in shown
    url = re.findall(r"kinesis-demo --url (\S+) start", shown)[0]
    (token,) = re.findall(r"AWS_SESSION_TOKEN=(\S+)", shown)
    assert (tmp_path / "stays").stat().st_mode & 0o077 == 0
    with pytest.raises(ApiError, match="session token"):
        DemoApi(url, with_key("test", "test", REGION)).list()
    api = DemoApi(url, with_key("test", "test", REGION, token))
    demo_id = api.start(plan(seconds=(1, 1, 1, 1)))["demoId"]
    again = run("up", "--model", "off")
    assert again.count("The stack is up") == 1
    assert "reacts 90 times faster than AWS's\n(that is how it was started" in again
    assert api.get(demo_id)["demoId"] == demo_id
    assert "Ending the stack" in run("down")
    assert "no stack is up" in run("down")
    with pytest.raises(ApiError):
        api.get(demo_id)


@pytest.mark.parametrize("module", ["local.server", "local.agent"])
def test_half_a_stack_is_none(tmp_path: Path, marked: dict[str, str], module: str) -> None:
    where = ("--folder", str(tmp_path / "stays"))
    subprocess.run(command("up", *where), cwd=ROOT, env=marked, check=True, capture_output=True)
    stack = running(tmp_path / "stays")
    assert stack is not None
    serving = psutil.Process(stack["pid"])
    (victim,) = [child for child in serving.children() if module in child.cmdline()]
    victim.kill()
    wait_until("it to be known", lambda: running(tmp_path / "stays") is None)
    assert psutil.wait_procs([serving], timeout=60)[1] == []
    assert "error: the " in (tmp_path / "stays/up.log").read_text()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"phases": []}', "phases"),
        ("no json", "line 1, column 1"),
        ("[]", "no JSON object"),
        ('{"stream": {"mode": "fresh"}}', "nothing to read back"),
    ],
)
def test_a_plan_that_cannot_be_run_is_an_error_with_a_reason(
    tmp_path: Path, marked: dict[str, str], content: str, says: str
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(content)
    ran = run_demo(bad, marked)
    assert ran.returncode == 1
    assert says in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr
