"""The page on a long day and on a bad one: an hour of numbers, and an API that falls silent."""

import json
import time
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from client.web.server import PageServer
from tests.e2e.browser import WIDE, Console, chromium, faults
from tests.e2e.demos import wait_until
from tests.e2e.fake_api import LAG_SECONDS, FakeApi

EVERY = 1.0
MAX_HEAP = 50_000_000
HOUR = 3_330
"""Near enough, and drawn as an hour is until 270 seconds more have come."""
TIMES_A_MINUTE = 5.0
"""How much longer an hour's tasks may take than a minute's: 1.7 are usual, uncut curves take 13."""
FEW = 6
ANSWERS = 5
TRACED = [
    *("disabled-by-default-devtools.timeline", "devtools.timeline", "toplevel"),
    "blink.user_timing",
]


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
    minute, hour = fakes = FakeApi(60), FakeApi(HOUR)
    with PageServer(minute.api, "k", EVERY) as short, PageServer(hour.api, "k", EVERY) as long:
        pages = [opened(browser, server.address()) for server in (short, long)]
        console = Console(pages[1])
        for page in pages:
            page.locator("#as-table summary").click()
            expect(page.locator("#series-table tbody tr")).not_to_have_count(0)
        of_minute, of_hour = traced(browser, pages, fakes)
        rows = pages[1].locator("#series-table tbody tr").all_inner_texts()
        heap = pages[1].context.new_cdp_session(pages[1]).send("Runtime.getHeapUsage")
        assert 50 < len(rows) <= 60
        assert rows[0].startswith("0:00\t100")
        assert rows[-1].startswith(f"{len(rows) - 1}:00\t")
        assert console.complaints == []
        for page in pages:
            page.close()
    assert hour.since[0] is None
    assert all(since and since >= hour.began + HOUR - LAG_SECONDS for since in hour.since[1:])
    # What a busy machine does to a few of them isn't the page's; uncut curves made dozens too long.
    assert of_hour[-FEW] < TIMES_A_MINUTE * of_minute[-FEW], (of_minute[-FEW:], of_hour[-FEW:])
    assert heap["usedSize"] + heap["embedderHeapUsedSize"] < MAX_HEAP, heap


def traced(
    browser: Browser, pages: list[Page], fakes: tuple[FakeApi, FakeApi]
) -> list[list[float]]:
    """Each page's tasks, shortest first, while somebody reads curves and new seconds come.

    All at once, so that whatever else the machine does slows one as much as the other.
    """
    asked = [len(fake.since) for fake in fakes]
    steps = count()

    def read() -> bool:
        for page in pages:
            page.mouse.move(400 + next(steps) % 24 * 30, 600)
            page.wait_for_timeout(100)
        known = zip(asked, fakes, strict=True)
        return all(len(fake.since) >= before + ANSWERS for before, fake in known)

    browser.start_tracing(page=pages[0], categories=TRACED)
    for number, page in enumerate(pages):
        page.evaluate(f"performance.mark('page {number}')")
    wait_until(f"{ANSWERS} answers for each page", read)
    trace = json.loads(browser.stop_tracing())
    return [main_thread_tasks(trace, f"page {number}") for number in range(len(pages))]


def main_thread_tasks(trace: dict[str, Any], mark: str) -> list[float]:
    """CPU time of each task of the thread that set the mark: wall time counts others."""
    events = trace["traceEvents"]
    (mine,) = {(event["pid"], event["tid"]) for event in events if event["name"] == mark}
    return sorted(
        event["tdur"] / 1_000
        for event in events
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) == mine and "tdur" in event
    )


def test_an_api_that_falls_silent_is_said_so_and_taken_up_again(browser: Browser) -> None:
    fake = FakeApi(120)
    began = time.monotonic()

    def times(what: str) -> int:
        return sum(asked == what for _, asked in list(fake.asked))

    def enough(what: str) -> bool:
        return times(what) >= 8

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
        for what in ("get an-hour", "metrics an-hour"):
            wait_until(f"8 times {what}", partial(enough, what))
            asked, elapsed = times(what), time.monotonic() - began
            # Each page by itself would come to twice as many.
            assert asked <= elapsed / EVERY + 1, what
        first.close()
        second.close()


def test_thresholds_are_told_with_their_verdicts(browser: Browser) -> None:
    with PageServer(FakeApi(60).api, "k", EVERY) as server:
        page = opened(browser, server.address())
        expect(page.locator("#threshold-list li")).to_have_text(
            [
                "lost==0 holds, is 0",
                "phase 2: p99_latency_ms<500 crossed, is 4,123.4",
                "achieved_tps>=99% can't be told yet",
            ]
        )
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
