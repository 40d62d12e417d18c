"""The page on a long day and on a bad one: an hour of numbers, and an API that falls silent."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from client.web.server import PageServer
from tests.e2e.browser import WIDE, Console, chromium, faults
from tests.e2e.fake_api import FakeApi

EVERY = 1.0
MAX_HEAP = 50_000_000
FRAME_MILLISECONDS = 16.0
FEW = 6
TRACED = ["disabled-by-default-devtools.timeline", "devtools.timeline", "toplevel"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def opened(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport=WIDE)
    page.goto(address)
    expect(page.locator("#charts canvas")).to_have_count(3)
    return page


def test_with_an_hour_of_seconds_it_stays_small_and_smooth(browser: Browser) -> None:
    fake = FakeApi(3_600)
    with PageServer(fake.api, "k", EVERY) as server:
        page = opened(browser, server.address())
        console = Console(page)
        page.locator("#as-table summary").click()
        rows = page.locator("#series-table tbody tr")
        expect(rows).to_have_count(60)
        browser.start_tracing(page=page, categories=TRACED)
        for step in range(12):  # somebody reads the curves while new seconds come
            page.mouse.move(400 + step * 60, 600)
            page.wait_for_timeout(400)
        tasks = main_thread_tasks(json.loads(browser.stop_tracing()))
        heap = page.context.new_cdp_session(page).send("Runtime.getHeapUsage")
        assert rows.first.inner_text().startswith("0:00\t100")
        assert rows.last.inner_text().startswith(("59:00", "1:00:00"))
        assert console.complaints == []
        page.close()
    assert fake.since[0] is None
    assert len(fake.since) >= 4
    assert all(since >= fake.began + 3_590 for since in fake.since[1:] if since)
    assert len(tasks) > 100
    # What a busy machine does to a few of them isn't the page's; uncut curves made dozens too long.
    assert sorted(tasks)[-FEW] < FRAME_MILLISECONDS, sorted(tasks)[-FEW:]
    assert heap["usedSize"] + heap["embedderHeapUsedSize"] < MAX_HEAP, heap


def main_thread_tasks(trace: dict[str, Any]) -> list[float]:
    """CPU time of each task of the page's own thread, in milliseconds: wall time counts others."""
    events = trace["traceEvents"]
    drawing = [e for e in events if e["name"] == "FireAnimationFrame"]
    mine = {(event["pid"], event["tid"]) for event in drawing}
    return [
        event["tdur"] / 1_000
        for event in events
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) in mine and "tdur" in event
    ]


def test_an_api_that_falls_silent_is_said_so_and_taken_up_again(browser: Browser) -> None:
    fake = FakeApi(120)
    with PageServer(fake.api, "k", EVERY) as server:
        first, second = (opened(browser, server.address()) for _ in range(2))
        console = Console(first)
        fake.silent = True
        expect(first.locator("#trouble")).to_contain_text("The API can't answer just now")
        expect(first.locator("#trouble")).to_contain_text("as of")
        expect(first.locator("#connection")).to_have_text("Not connected")
        expect(first.locator("#title")).to_have_text("an-hour")
        fake.silent = False
        expect(first.locator("#connection")).to_have_text("Live")
        expect(first.locator("#trouble")).to_be_hidden()
        assert console.complaints == []
        first.close()
        second.close()
    for what in ("get an-hour", "metrics an-hour"):
        moments = [moment for moment, asked in fake.asked if asked == what]
        assert len(moments) >= 3
        assert min(later - earlier for earlier, later in pairwise(moments)) > 0.95, what


def test_thresholds_are_told_with_their_verdicts(browser: Browser) -> None:
    with PageServer(FakeApi(60).api, "k", EVERY) as server:
        page = opened(browser, server.address())
        assert page.locator("#threshold-list li").all_inner_texts() == [
            "lost==0 holds, is 0",
            "phase 2: p99_latency_ms<500 crossed, is 4,123.4",
            "achieved_tps>=99% can't be told yet",
        ]
        assert faults(page) == []
        page.close()


def test_without_the_key_it_says_how_to_get_one(browser: Browser) -> None:
    with PageServer(FakeApi(60).api, "k", EVERY) as server:
        page = browser.new_page()
        page.goto(server.address().partition("#")[0])
        expect(page.locator("#trouble")).to_contain_text(
            "open the address that the program printed"
        )
        page.close()
