"""report writes what the API knows of a demo; compare takes ids, folders and files alike."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from client.api import ApiError
from reporting import folder
from reporting.folder import NoReport
from reporting.libraries import LibraryMissing
from tests.reports import BEGIN, document, seconds, shown
from tests.unit.test_client_commands import ENDED, Api, run
from tests.unit.test_client_show import demo

METRICS: dict[str, Any] = {
    "period": 1,
    "begin": BEGIN,
    "end": BEGIN + 2,
    "complete": True,
    "series": {"generated": [30_000, 30_000], "delivered": [1_000, 234]},
}
GONE_WELL = demo(status="SUCCEEDED", **ENDED)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The folder of a demo that was proven."""
    folder.write(tmp_path / "friday", document(), seconds())
    return tmp_path / "friday"


def summary_of(path: Path) -> Any:
    return json.loads((path / "summary.json").read_text())


def test_a_report_is_written_and_its_address_told_before_the_verdict(tmp_path: Path) -> None:
    api = Api(GONE_WELL, METRICS)
    code, out = run(api, "report", "friday", "--to", str(tmp_path / "new"))
    *_, address, verdict = out.splitlines()
    assert (code, address) == (0, f"report: {tmp_path / 'new' / 'report.html'}")
    assert verdict.startswith("demo friday SUCCEEDED after ")
    assert [asked[0] for asked in api.asked] == ["get", "metrics"]
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {"report.html", "report.md", "summary.json", "timeseries.csv", "picture.svg"}
    summary = summary_of(tmp_path / "new")
    assert summary["timeseries"]["sums"] == {
        "offered": 60_000,
        "accepted": 1_234,
        **dict.fromkeys(("throttled", "failed", "retried", "in_stream")),
    }
    page = (tmp_path / "new" / "report.html").read_text()
    found = {path: float(value) for path, value, _ in shown(page)}
    assert (found["acknowledged"], found["phases.1.throttled"]) == (1_234, 56_789)


def test_the_report_goes_into_a_folder_of_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(Api(GONE_WELL, METRICS), "report", "friday")
    assert (tmp_path / "reports" / "friday" / "report.html").exists()


def test_in_json_a_report_is_written_only_where_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert json.loads(run(Api(GONE_WELL), "report", "friday", "--output", "json")[1]) == GONE_WELL
    assert [*tmp_path.iterdir()] == []
    words = ("report", "friday", "--output", "json", "--to", "there")
    assert json.loads(run(Api(GONE_WELL, METRICS), *words)[1]) == GONE_WELL
    assert (tmp_path / "there" / "report.html").exists()


def test_an_api_without_the_route_still_gives_a_report_that_says_so(tmp_path: Path) -> None:
    missing = ApiError(403, "Missing Authentication Token")
    code, _ = run(Api(GONE_WELL, missing), "report", "friday", "--to", str(tmp_path))
    assert code == 0
    assert summary_of(tmp_path)["timeseries"]["rows"] == 0
    assert "This API tells no seconds (HTTP 403)" in (tmp_path / "report.html").read_text()


def test_a_stack_that_says_that_its_streams_follow_a_model_is_quoted(tmp_path: Path) -> None:
    api = Api(GONE_WELL, METRICS)
    api.stream_model = "model that reacts 180 times faster"
    run(api, "report", "friday", "--to", str(tmp_path))
    for name in ("report.html", "report.md", "picture.svg"):
        assert "model that reacts 180 times faster" in (tmp_path / name).read_text()


def test_how_to_start_it_again_can_be_typed(tmp_path: Path) -> None:
    judged = [{"threshold": "phase 2: lost==0", "phase": 2, "value": None, "ok": None}]
    well = {**GONE_WELL, "warm_throughput_mibps": 50, "thresholds": judged}
    run(Api(well, METRICS), "report", "friday", "--to", str(tmp_path))
    assert summary_of(tmp_path)["reproduce"] == [
        "./kinesis-demo start --phases 100:120:1,10000:120:10,1000000:120:50,0.5:120:1 "
        "--stream kept --warm-throughput 50 --threshold 'phase 2: lost==0' --watch"
    ]
    run(Api({**well, "record": {"bytes": 9}}, METRICS), "report", "friday", "--to", str(tmp_path))
    command, note = summary_of(tmp_path)["reproduce"]
    assert command.endswith(" --record TEMPLATE --watch")
    assert note.startswith("# TEMPLATE is the file")


def test_other_refusals_of_the_route_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="busy"):
        run(Api(GONE_WELL, ApiError(503, "busy")), "report", "friday", "--to", str(tmp_path))


def test_seconds_that_come_in_parts_are_put_together(tmp_path: Path) -> None:
    first = {**METRICS, "complete": False}
    second = {**METRICS, "begin": BEGIN + 2, "end": BEGIN + 4}
    api = Api(demo(status="SUCCEEDED", stopDate="2026-11-25T08:00:04Z"), first, second)
    run(api, "report", "friday", "--to", str(tmp_path))
    assert api.asked[2] == ("metrics", "friday", BEGIN + 2, 1)
    assert summary_of(tmp_path)["timeseries"]["sums"]["offered"] == 120_000


def test_of_a_demo_that_goes_on_the_newest_seconds_may_be_missing(tmp_path: Path) -> None:
    code, _ = run(
        Api(demo(), {**METRICS, "complete": False}), "report", "friday", "--to", str(tmp_path)
    )
    assert code == 1
    assert "may still be missing" in summary_of(tmp_path)["notes"][0]


def test_a_library_that_is_missing_is_named_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(LibraryMissing, match="made with matplotlib, which isn't installed"):
        run(Api(GONE_WELL, METRICS), "report", "friday", "--to", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_a_folder_its_summary_and_a_demo_of_the_api_can_be_compared(kept: Path) -> None:
    for name in (str(kept), str(kept / "summary.json")):
        api = Api(GONE_WELL, METRICS)
        code, out = run(api, "compare", name, "monday")
        a, b, head, *lines = out.splitlines()
        assert (code, a[:9], b[:9], head.split()) == (
            0,
            "A  friday",
            "B  friday",
            ["A", "B", "difference"],
        )
        assert [asked[1] for asked in api.asked] == ["monday", "friday"]
        row = next(line for line in lines if line.startswith("acknowledged"))
        assert row.split() == ["acknowledged", "4,010", "1,234", "-69.2%"]
        assert len({len(line) for line in lines}) == 1


def test_a_comparison_is_json_or_a_page_if_asked_for(kept: Path, tmp_path: Path) -> None:
    both = (str(kept), str(kept))
    _, out = run(Api(), "compare", *both, "--output", "json")
    assert {row["difference_percent"] for row in json.loads(out)["rows"]} == {0.0}
    run(Api(), "compare", *both, "--to", str(tmp_path / "both.html"))
    assert "Two demos side by side" in (tmp_path / "both.html").read_text()


def test_what_has_no_report_is_refused_with_what_to_give(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "else.json").write_text("{}")
    (tmp_path / "bad.json").write_text("no json")
    for name in ("no/such", str(tmp_path), str(tmp_path / "else.json"), str(tmp_path / "bad.json")):
        with pytest.raises(NoReport, match=r"give a demo's id, its report's folder, or its summ"):
            run(Api(), "compare", str(kept), name)


def test_a_summary_of_long_ago_has_dashes_where_it_told_nothing(kept: Path, tmp_path: Path) -> None:
    old = {name: value for name, value in document().items() if name in _OF_OLD}
    (tmp_path / "old.json").write_text(json.dumps(old))
    _, out = run(
        Api(), "compare", str(kept), str(tmp_path / "old.json"), "--to", str(tmp_path / "x")
    )
    row = next(line for line in out.splitlines() if line.startswith("latency p99"))
    assert row.split()[-2:] == ["–", "–"]


_OF_OLD = ("demo_id", "status", "phases", "generated", "delivered", "acknowledged", "lost")
