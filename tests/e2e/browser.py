"""A real Chromium, driven by Playwright, and what it says of the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 400, "height": 800}
PATIENCE_MILLISECONDS = 120_000
"""How long what has to be seen may take: a busy machine needs far more than Playwright's 5 s."""
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; the test is skipped where there is none."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip(f"no Chromium ({', '.join(_NAMES)}): install one, or name it in $CHROMIUM")
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS])
        yield browser
        browser.close()


class Console:
    """What the page's console was told that it should not have been."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def forget_lost_connections(self) -> None:
        """Chromium itself tells of each request to a server that isn't there."""
        lost = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
        kept = [text for text in self.complaints if not any(sign in text for sign in lost)]
        self.complaints = kept


def faults(page: Page) -> list[str]:
    """What axe finds at both widths, light and dark; the page is wide and light afterwards."""
    found = []
    for width, scheme in product((NARROW, WIDE), ("dark", "light")):
        page.set_viewport_size(width)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        result = Axe().run(page)
        if result.violations_count:
            found.append(f"{scheme}, {width['width']} px: {result.generate_report()}")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{scheme}, {width['width']} px: the page is wider than the window")
    return found
