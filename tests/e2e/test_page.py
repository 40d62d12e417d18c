"""The page in a real browser, through whole demos on the embedded stack.

With SCREENSHOTS=1 (`make screenshots`) the demo is the quick plan, and the pictures in docs/ are
taken anew.
"""

import io
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from client.console import Console as Terminal
from client.plans import QUICK
from local.kinesis.settings import settings_of
from local.platform import LocalPlatform
from tests.e2e.browser import WIDE, Console, chromium, faults
from tests.e2e.demos import plan, wait_until

ROOT = Path(__file__).resolve().parents[2]
PICTURES = bool(os.environ.get("SCREENSHOTS"))
SHORT = plan(tps=(50, 400, 800, 50), seconds=(8, 8, 5, 3), tasks=(1, 1, 2, 1))
LONG = plan(seconds=(300, 300, 300, 300))
PLAN = QUICK if PICTURES else SHORT
DELIVERED = 5
"""Its place in the table of phases, behind the phase's name."""
FIRST, SECOND = "friday-launch", "saturday"

REMEMBER = """
  window.announced = [];
  window.shown = [];
  addEventListener("DOMContentLoaded", () => {
    const [told, status, flow] = document.querySelectorAll("#announce, #status, #flow");
    const hear = () => announced.push(told.textContent);
    const current = () => flow.querySelector(".current .state")?.textContent;
    const look = () => shown.push([status.textContent, current()]);
    new MutationObserver(hear).observe(told, { childList: true });
    new MutationObserver(look).observe(status, { childList: true });
    new MutationObserver(look).observe(flow, { childList: true, subtree: true, attributes: true });
  });
"""
"""What comes and goes: a phase may be over before the test, on a busy machine, looks for it."""

PICTURE: ViewportSize = {"width": 1280, "height": 930}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def stack(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """A stack with the model, once there is a browser to look at it."""
    assert browser.is_connected()
    folder: Path = tmp_path_factory.mktemp("page")
    with LocalPlatform(folder, Terminal(io.StringIO()), settings=settings_of("on", "180")) as up:
        yield up


class Program:
    """`kinesis-demo watch --web`, as a process that can be killed and started again."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self, port: str = "0") -> None:
        self._process = subprocess.Popen(
            [str(ROOT / "kinesis-demo"), "watch", "--web", "--port", port],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said.startswith("the page: http://127.0.0.1:"), said
        self.address = said.removeprefix("the page: ").strip()

    def start_again(self) -> None:
        self.start(self.address.split("#")[0].strip("/").rpartition(":")[2])

    def kill(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()


@pytest.fixture
def program(stack: LocalPlatform, tmp_path: Path) -> Iterator[Program]:
    here = {"KINESIS_DEMO_URL": stack.api.base_url, "BUILD_DIR": str(tmp_path)}
    started = Program({**stack.stack.client_environment, **here})
    started.start()
    yield started
    started.kill()


def test_a_demo_is_started_watched_stopped_and_compared(
    browser: Browser, program: Program, stack: LocalPlatform
) -> None:
    page = browser.new_page(viewport=WIDE)
    console = Console(page)
    page.add_init_script(REMEMBER)
    page.goto(program.address)
    expect(page.locator("#empty")).to_have_text("There are no demos yet. Start one.")
    assert "key" not in page.url
    expect(page.locator("#model")).to_contain_text("model of on-demand scaling")

    a_bad_plan_is_refused_by_field(page)
    start(page, FIRST, PLAN)
    the_first_phases_come(page)
    page.reload()
    everything_is_there_again(page, console)
    the_server_goes_and_comes(page, program, console)
    the_demo_goes_to_its_end(page, stack)
    assert faults(page) == []

    start(page, SECOND, LONG, threshold="phase 4: failed==0")
    expect(page.locator("#title")).to_have_text(SECOND)
    expect(page.locator("#threshold-list li")).to_contain_text("phase 4: failed==0")
    stop(page)
    compare(page)
    assert faults(page) == []
    assert console.complaints == []
    page.close()


def fill_in(page: Page, name: str, wanted: Mapping[str, Any]) -> None:
    page.locator("#demo-name").fill(name)
    for index, phase in enumerate(wanted["phases"]):
        for field, value in phase.items():
            page.locator(f'[name="phases[{index}].{field}"]').fill(str(value))


def a_bad_plan_is_refused_by_field(page: Page) -> None:
    page.get_by_role("button", name="Start a demo").click()
    page.get_by_label("Phase 2 spike, seconds").fill("0")
    page.keyboard.press("Enter")
    expect(page.locator("#start-problem")).to_contain_text("Phase 2 spike, seconds:")
    expect(page.get_by_label("Phase 2 spike, seconds")).to_be_focused()
    expect(page.get_by_role("button", name="Start it")).to_be_disabled()
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#start-dialog")).to_be_hidden()


def start(page: Page, name: str, wanted: Mapping[str, Any], threshold: str = "") -> None:
    """First the cost, then the start; what was changed in between has to be priced anew."""
    page.get_by_role("button", name="Start a demo").click()
    fill_in(page, name, wanted)
    page.get_by_label("Thresholds, one a line").fill(threshold)
    page.get_by_label("Stop before the next phase").set_checked(bool(threshold))
    page.get_by_role("button", name="What will it cost?").click()
    expect(page.locator("#start-estimate")).to_contain_text("USD by list prices of us-east-1")
    page.locator("#demo-name").press("End")
    page.locator("#demo-name").press_sequentially("x")
    expect(page.get_by_role("button", name="Start it")).to_be_disabled()
    page.locator("#demo-name").press("Backspace")
    page.get_by_role("button", name="What will it cost?").click()
    with page.expect_request(lambda asked: asked.method == "POST") as sent:
        page.get_by_role("button", name="Start it").click()
    told: dict[str, Any] = sent.value.post_data_json or {}
    assert (told.get("thresholds", []), told.get("abort_on_fail")) == (
        ([threshold], True) if threshold else ([], None)
    )
    expect(page.locator("#start-dialog")).to_be_hidden()


def the_first_phases_come(page: Page) -> None:
    expect(page.locator("#charts canvas")).to_have_count(3)
    wait_until("phase 2 to be told", lambda: len(page.evaluate("announced")) >= 2)
    heard = page.evaluate("announced")[:2]
    assert [text.split(":")[0] for text in heard] == ["Phase 1, baseline", "Phase 2, spike"]
    shown = page.evaluate("shown")
    assert ["RUNNING, phase 1 baseline", "WaitPhase1Duration"] in shown
    assert "RUNNING, phase 2 spike" in [status for status, _ in shown]


def everything_is_there_again(page: Page, console: Console) -> None:
    """After a reload in mid-demo: also what was before, and what is now is told again."""
    expect(page.locator("#title")).to_have_text(FIRST)
    expect(page.locator("#announce")).to_contain_text("Phase")
    page.locator("#as-table summary").click()
    first = page.locator("#series-table tbody tr").first
    expect(first).to_contain_text("0:00")
    rows = page.locator("#flow .done")
    expect(rows.nth(1)).to_contain_text("StartPhase1")
    assert console.complaints == []


def the_server_goes_and_comes(page: Page, program: Program, console: Console) -> None:
    program.kill()
    expect(page.locator("#trouble")).to_contain_text("The program that serves this page has ended")
    expect(page.locator("#connection")).to_have_text("Not connected")
    program.start_again()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#trouble")).to_be_hidden()
    console.forget_lost_connections()
    assert console.complaints == []


def the_demo_goes_to_its_end(page: Page, stack: LocalPlatform) -> None:
    if PICTURES:
        expect(page.locator("#status")).to_have_text("RUNNING, phase 3 peak")
        take_pictures(page)
    expect(page.locator("#status")).to_have_text("SUCCEEDED")
    expect(page.locator("#announce")).to_have_text(f"Demo {FIRST} succeeded.")
    expect(page.locator("#flow .done")).to_have_count(11)
    page.locator("summary", has_text="History of transitions").click()
    history = page.locator("#transitions tbody th").all_inner_texts()
    assert history[0] == "InitializeDemo"
    assert history[-2:] == ["CleanupDemo", "DemoCompleted"]
    page.locator("summary", has_text="Line by line").click()
    expect(page.locator("#cost")).to_contain_text("Kinesis data in")
    wait_until("the last counts", lambda: stack.api.metrics(FIRST)["complete"])
    counts = [phase["records"]["delivered"] for phase in stack.api.get(FIRST)["phases"]]
    assert sum(counts) > 0
    for phase, count in zip(page.locator("#phases tbody tr").all(), counts, strict=True):
        expect(phase.locator("td").nth(DELIVERED)).to_have_text(f"{count:,}")


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop this demo").click()
    expect(page.get_by_role("button", name="Let it run")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#stop-dialog")).to_be_hidden()
    page.get_by_role("button", name="Stop this demo").click()
    page.get_by_role("button", name="Stop it").click()
    expect(page.locator("#status")).to_have_text("ABORTED")
    expect(page.locator("#failure")).to_contain_text("DemoStopped")


def compare(page: Page) -> None:
    page.get_by_label("Compare with").select_option(FIRST)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#compare-charts canvas")).to_have_count(3)
    table = page.locator("#compare-table")
    expect(table.locator("thead th")).to_have_text(["Figure", SECOND, FIRST])
    cells = table.locator("tbody tr").first.locator("th, td")
    expect(cells).to_have_text(["Status", "ABORTED", "SUCCEEDED"])
    page.get_by_role("link", name="Back").click()
    expect(page.locator("#title")).to_have_text(SECOND)
    page.go_back()
    expect(page.locator("#comparison")).to_be_visible()


def take_pictures(page: Page) -> None:
    """In the middle of the peak, which shows what the spike was like."""
    page.wait_for_timeout(11_000)
    page.set_viewport_size(PICTURE)
    for name, scheme in (("page-dark", "dark"), ("page", "light")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(500)
        page.screenshot(path=ROOT / f"docs/{name}.png")
