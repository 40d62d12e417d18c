"""A report of this machine says on what it ran, by what, and how to run it again."""

import shlex
from typing import Any

from local import report
from local.report import Run
from reporting import page
from reporting.document import with_seconds
from tests.reports import numbers_in, seconds, shown
from tests.unit.test_summary import STARTED_AT, demo, summary

ON = {"ON_DEMAND_MODEL": "on", "TIME_SCALE": "180"}
OFF = {"ON_DEMAND_MODEL": "off", "TIME_SCALE": "1"}


def run(**changes: Any) -> Run:
    given = {"plan": "quick", "body": {}, "aggregation": "off", "model": ON}
    return Run(**(given | changes))


def test_its_document_is_all_that_a_page_needs() -> None:
    stream = {"name": "s", "mode": "kept", "open_shards": 4, "shared_with": ["other"]}
    told = summary(demo=demo(stream=stream))
    document = report.described(told, run(), "eu-west-1", ["a note"])
    whole = with_seconds(document, seconds())
    text = page.html(whole, b"<svg></svg>", "")
    assert {path: float(value) for path, value, _ in shown(text)} == dict(numbers_in(whole))
    assert "a note" in text
    environment = document["environment"]
    assert (environment["region"], environment["time_scale"]) == ("eu-west-1", 180)
    assert {"boto3", "ministack"} <= {*environment["versions"]}
    assert document["phases"][0]["started_at"] == STARTED_AT


def test_it_says_whether_the_stream_was_a_model() -> None:
    model = "model of on-demand scaling, which reacts 180 times faster than AWS's"
    assert (run().stream_model, run(model=OFF).stream_model) == (model, None)
    assert run().note == f"embedded stack; {model}"
    assert run(model=OFF).note == "embedded stack; its stream takes whatever comes"


def test_it_says_how_to_run_it_again_here_and_on_aws() -> None:
    quick = report.described(summary(), run(), "r", [])["reproduce"]
    assert quick[0] == "make demo PLAN=quick AGGREGATION=off MODEL=on TIME_SCALE=180"
    assert quick[-1] == "./kinesis-demo start --phases 1000:10:1"
    own = run(plan="my.json", body={"name": "a"}, model=OFF)
    assert report.described(summary(), own, "r", [])["reproduce"][:2] == [
        "make demo PLAN=my.json AGGREGATION=off MODEL=off",
        '# my.json holds: {"name": "a"}',
    ]


def test_it_is_run_again_with_the_thresholds_it_was_given_on_the_command_line() -> None:
    asked = ("lost==0", "phase 2: p99_latency_ms<500")
    judged = run(thresholds=asked, abort_on_fail=True)
    words = shlex.split(report.described(summary(), judged, "r", [])["reproduce"][0])
    assert words[-2:] == ["THRESHOLDS=lost==0, phase 2: p99_latency_ms<500", "ABORT_ON_FAIL=on"]
