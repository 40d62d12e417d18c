"""A report as a browser shows it: from disk, without network, at both widths, light and dark."""

from pathlib import Path

from playwright.sync_api import Browser

from reporting import comparison, folder
from reporting.folder import Report
from tests.e2e.browser import Console, chromium, faults
from tests.reports import document, seconds


def assert_opens_well(browser: Browser, path: Path) -> None:
    """One picture, no fault that axe finds, no complaint, and nothing asked for but the file."""
    context = browser.new_context(offline=True, bypass_csp=True)  # axe is injected
    page = context.new_page()
    console = Console(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert page.get_by_role("img").count() == 1
    assert faults(page) == []
    assert asked == [path.as_uri()]
    assert console.complaints == []
    context.close()


def test_a_report_and_a_comparison_open_from_disk_without_network(tmp_path: Path) -> None:
    report = folder.write(tmp_path / "friday", document(), seconds(), "by a model")
    both = Report(folder.read(tmp_path / "friday").document, seconds())
    (tmp_path / "both.html").write_text(comparison.html(both, both))
    with chromium() as browser:
        assert_opens_well(browser, report)
        assert_opens_well(browser, tmp_path / "both.html")
