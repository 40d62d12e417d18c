"""`kinesis-demo` as a person or a script runs it, against an API that wants signatures."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from local.background import how_to_use
from local.platform import LocalPlatform
from tests.e2e.demos import ended, in_phase, plan
from tests.reports import numbers_in, shown

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = str(ROOT / "kinesis-demo")


@pytest.fixture
def here(platform: LocalPlatform) -> dict[str, str]:
    """The environment of somebody who may call the platform's API."""
    return {**platform.stack.client_environment, "KINESIS_DEMO_URL": platform.api.base_url}


def run(
    environment: Mapping[str, str], *words: str, cwd: Path = Path("/")
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words],
        env=dict(environment),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_demo_is_started_watched_and_reported(here: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(plan(seconds=(10, 10, 10, 10))))
    # A folder whose files have the names of packages must not be imported from.
    (tmp_path / "json.py").write_text("raise SystemExit('imported from the caller')")
    words = ("start", "--name", "watched", "--plan", "plan.json", "--watch")
    held = ("lost==0", "p99_latency_ms<60000", "phase 3: p50_latency_ms>0", "achieved_tps>=1%")
    ran = run(here, *words, "--threshold", ", ".join(held), cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert all(f"\nthreshold {text}: held, " in ran.stdout for text in held)
    lines = ran.stdout.splitlines()
    assert lines[0] == "demo watched started"
    assert [n for n in range(1, 5) if f"phase {n} " in ran.stdout] == [1, 2, 3, 4]
    assert lines[-1].startswith("demo watched SUCCEEDED after ")
    reported = run(here, "report", "watched", cwd=tmp_path)
    assert (reported.returncode, reported.stdout.splitlines()[-1]) == (0, lines[-1])
    assert_reported(tmp_path / "reports" / "watched")
    compared = run(here, "compare", "watched", "reports/watched", "--output", "json", cwd=tmp_path)
    rows = json.loads(compared.stdout)["rows"]
    assert {row["difference_percent"] for row in rows if row["a"] is not None} == {0.0}
    listed = run(here, "list", "--all", "--output", "json")
    assert "watched" in [demo["demoId"] for demo in json.loads(listed.stdout)["demos"]]


def assert_reported(folder: Path) -> None:
    """The page says what the API said, and nothing of what only a reader of the stream knows."""
    summary = json.loads((folder / "summary.json").read_text())
    told = {path: float(value) for path, value, _ in shown((folder / "report.html").read_text())}
    assert told == dict(numbers_in(summary))
    assert told["generated"] == told["acknowledged"] > 0
    assert "delivered" not in told
    sums = summary["timeseries"]["sums"]
    assert (sums["offered"], sums["accepted"]) == (summary["generated"], summary["acknowledged"])


def test_a_crossed_threshold_is_an_exit_code_of_its_own(here: dict[str, str]) -> None:
    phases = ",".join(["50:10"] * 4)
    words = ("start", "--phases", phases, "--threshold", "cost<0.000001", "--threshold", "lost==0")
    ran = run(here, *words, "--watch", "--output", "json")
    assert ran.returncode == 99, ran.stdout + ran.stderr
    demo = json.loads(ran.stdout.splitlines()[-1])
    assert demo["status"] == "SUCCEEDED"
    crossed, held = demo["thresholds"]
    assert (crossed["ok"], held["ok"], held["value"]) == (False, True, 0)
    assert crossed["value"] == pytest.approx(demo["cost"]["actual"]["total"])


def test_interrupted_it_leaves_the_demo_running_until_it_is_stopped(
    here: dict[str, str], platform: LocalPlatform
) -> None:
    demo_id = platform.api.start(plan(seconds=(60, 1, 1, 1)))["demoId"]
    watching = subprocess.Popen(
        [PROGRAM, "watch", demo_id],
        env=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert watching.stdout is not None
    assert watching.stdout.readline()
    os.killpg(watching.pid, signal.SIGINT)
    _, said = watching.communicate(timeout=90)
    assert watching.returncode == 130
    assert said.endswith(f"goes on; stop it with: ./kinesis-demo stop {demo_id}\n")
    in_phase(platform, demo_id, 1)
    assert run(here, "stop", demo_id).returncode == 0
    assert ended(platform, demo_id)["status"] == "ABORTED"
    assert run(here, "watch", demo_id).returncode == 1


def test_in_json_there_is_one_document_also_for_an_error(here: dict[str, str]) -> None:
    ran = run(here, "start", "--phases", "0:1,-,-", "--output", "json")
    assert ran.returncode == 1
    answer = json.loads(ran.stdout)
    assert {field["field"] for field in answer["fields"]} == {"phases", "phases[0].target_tps"}
    assert ran.stderr.startswith("error: HTTP 400: ")


@pytest.mark.parametrize(
    ("words", "changed", "code", "says"),
    [
        (("status", "no-such-demo"), {}, 1, "HTTP 404: there is no demo no-such-demo"),
        (("list",), {"KINESIS_DEMO_URL": "http://127.0.0.1:1"}, 1, "got no answer"),
        (("list",), {"AWS_PROFILE": "nobody"}, 1, "credentials can't be used"),
        (("list", "--stage", "nowhere"), {"BUILD_DIR": "/nonexistent"}, 2, "--url"),
        (("start", "--plan", "nofile"), {}, 2, "nofile can't be read"),
        (("list", "--limit", "x"), {}, 2, "invalid int value"),
    ],
)
def test_what_goes_wrong_is_a_line_on_stderr_and_an_exit_code(
    here: dict[str, str], words: tuple[str, ...], changed: dict[str, str], code: int, says: str
) -> None:
    ran = run(here | changed, *words)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_credentials_a_refusal_says_how_to_give_some(here: dict[str, str]) -> None:
    del here["AWS_ACCESS_KEY_ID"], here["AWS_SECRET_ACCESS_KEY"]
    ran = run(here, "list")
    assert ran.returncode == 1
    assert "no AWS credentials were found: set AWS_PROFILE" in ran.stderr


def test_what_make_up_prints_can_be_typed(platform: LocalPlatform) -> None:
    lines = how_to_use(
        platform.stack.endpoint,
        platform.api.base_url,
        platform.stack.environment["AWS_SESSION_TOKEN"],
    )
    typed = {line[2:20].strip(): line[20:] for line in lines if line.startswith("  ")}
    for name in ("list all", "or by hand"):
        script = f"set -e; {typed['say who calls']}; {typed[name]}"
        ran = subprocess.run(
            ["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stderr
        assert "demo" in ran.stdout
        assert "Missing Authentication Token" not in ran.stdout
        assert "session token" not in ran.stdout
    started = shlex.split(typed["start a demo"])
    assert started[0] == "./kinesis-demo"
    assert started[-3:] == ["--plan", "quick", "--watch"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--help"], 0, "COMMAND"),
        (["simulate"], 1, "simulate needs numpy, which isn't installed"),
        (["status", "nobody"], 2, "--url"),
    ],
)
def test_it_needs_boto3_and_nothing_else(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    without = ["numpy", "matplotlib", "jinja2", "orjson", "psutil", "yaml", "chalice", "faker"]
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({without})); "
        "from client.__main__ import main; sys.exit(main())"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'api'}", "BUILD_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, says in told.stdout + told.stderr) == (code, True), told.stderr
