"""What was found is told: targets, tables and the plot, and what failed is told too."""

from xml.etree import ElementTree

import pytest

from bench.arrivals import NS, Log
from bench.contenders import BASELINE, Contender, all_contenders, worker
from bench.costs import Cost, Effort
from bench.holds import Hold, NotHeld, Order
from bench.machine import Machine
from bench.plot import svg
from bench.real import Reading
from bench.report import markdown, table
from bench.results import Results
from bench.run import Run, Sample
from bench.sink_process import SinkReport
from bench.targets import Verdict, verdicts
from bench.templates import POST, SIMPLE_NAME, Making

MACHINE = Machine("a CPU", 2, 8.0, "Linux", "3.11", {"boto3": "1"}, 0.1, "a day", "make bench")
EFFORT = Effort(rounds=3, window_seconds=2, warm_up_seconds=0.4, sizes=(300,))
SECONDS = 10


def run(contender: Contender, rate: int, micros: float, **totals: object) -> Run:
    """Ten seconds at an even pace, a hundred requests a second."""
    times = [n * NS // 100 for n in range(1, SECONDS * 100 + 1)]
    log = Log(times, [rate // 100] * len(times))
    cpu = rate * micros / 1e6
    samples = [
        Sample(second * NS, 1 + second * cpu, 50_000_000, second * 0.1)
        for second in range(SECONDS + 1)
    ]
    sink = SinkReport(1_000, log.total, log.total, 0, log.total * 400, 1.0, log)
    ledger = {
        "generated": log.total,
        "delivered": log.total,
        "failed": 0,
        "missed": 0,
        "pending": 0,
    }
    return Run(contender, samples, {**ledger, "seconds": float(SECONDS), **totals}, sink)


def cost(contender: Contender, *micros: float) -> Cost:
    return Cost(contender, [run(contender, 50_000, each) for each in micros])


def found() -> Results:
    """Everything measured: ours at 5 and 3 µs, boto3 at 20, the others at 40."""
    results = Results(MACHINE, EFFORT)
    for who in all_contenders((300,)):
        price = 20.0 if who.name == BASELINE else 40.0
        if who.module == ("worker",):
            price = 3.0 if who.aggregated else 5.0
        results.costs.append(cost(who, price, price, price))
    orders = {"50000": Order("50,000/s", 50_000, SECONDS), "1000": Order("1,000/s", 1_000, SECONDS)}
    results.holds = {
        key: Hold(order, run(order.contender, order.rate, 5.0)) for key, order in orders.items()
    }
    results.readings = [Reading("one record each", False, 2_000, 100, 100, 0, 9.0)]
    return results


def verdict(results: Results, beginning: str) -> Verdict:
    (one,) = [v for v in verdicts(results) if v.target.startswith(beginning)]
    return one


def test_a_table_has_a_row_a_line_and_keeps_its_columns() -> None:
    lines = table(("who", "how much"), [("a|b", "1"), ("c", "2")]).splitlines()
    assert lines == ["| who | how much |", "| --- | ---: |", "| a\\|b | 1 |", "| c | 2 |"]


def test_a_cost_is_the_rounds_median_and_its_extremes() -> None:
    measured = cost(worker("max"), 7.0, 5.0, 6.0)
    assert measured.micros == pytest.approx(6.0)
    assert measured.extremes == pytest.approx((5.0, 7.0))
    assert measured.records_per_cpu_second == pytest.approx(1e6 / 6)


def test_every_contender_has_a_label_of_its_own() -> None:
    labels = [contender.label for contender in all_contenders()]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("beginning", "met"),
    [
        ("unaggregated: ≥ 3.5×", True),
        ("aggregated: ≥ 6×", True),
        ("aggregated: ≥ 30×", True),
        ("unaggregated: TLS", True),
        ("50,000/s: total exact", True),
        ("50,000/s: every 1 s", True),
        ("1,000/s by one process", True),
        ("idle", None),
        ("refused", None),
    ],
)
def test_targets_are_judged_by_what_was_measured(beginning: str, met: bool | None) -> None:
    assert verdict(found(), beginning).met is met


def test_a_dearer_worker_misses_its_targets() -> None:
    results = found()
    results.costs = [
        cost(c.contender, 19.0) if c.contender.module == ("worker",) else c for c in results.costs
    ]
    assert verdict(results, "unaggregated: ≥ 3.5×").met is False
    assert verdict(results, "unaggregated: ≥ 30×").met is False


def test_lost_records_miss_the_target() -> None:
    results = found()
    order = Order("50,000/s", 50_000, SECONDS)
    results.holds["50000"] = Hold(order, run(order.contender, 50_000, 5.0, generated=500_001))
    assert verdict(results, "50,000/s: total exact").met is False


def test_the_page_tells_everything_that_was_measured() -> None:
    page = markdown(found(), "benchmarks.svg")
    for contender in all_contenders((300,)):
        assert contender.name in page
    assert "stated, not measured here" in page
    assert "![" in page
    assert "a day" in page
    assert "make bench" in page
    assert "| **ours** | 300 | HTTP | 5.00 | 5.00–5.00 | 200,000 | 4.00 |" in page


def test_what_failed_is_told_and_fails_the_benchmark_if_it_is_ours() -> None:
    results = found()
    peer = next(c for c in results.costs if c.contender.name == "aiokpl")
    peer.runs, peer.failure = [], "no such module"
    assert results.failures == []
    assert "not measured: no such module" in markdown(results, None)
    results.holds["50000"] = NotHeld(Order("50,000/s", 50_000, SECONDS), "exit code 2")
    assert results.failures == ["50,000/s: exit code 2"]
    assert verdict(results, "50,000/s: total exact").met is False
    assert "exit code 2" in markdown(results, None)


def test_the_plot_is_an_image_with_a_bar_for_each_client() -> None:
    results = found()
    order = Order("50,000/s, kept to one core", 50_000, SECONDS)
    results.holds["sustained"] = Hold(order, run(order.contender, 50_000, 5.0))
    picture = svg(results)
    assert picture is not None
    root = ElementTree.fromstring(picture)  # noqa: S314 (our own)
    words = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert {"ours", "ours, aggregated", BASELINE, "aiokpl", "5.00", "20.00"} <= set(words)
    assert any(node.tag.endswith("polyline") for node in root.iter())


def test_there_is_no_plot_of_nothing() -> None:
    assert svg(Results(MACHINE, EFFORT)) is None


@pytest.mark.parametrize(("micros", "met"), [(1.4, True), (1.6, False)])
def test_a_simple_templates_cost_is_held_against_a_posts(micros: float, met: bool) -> None:
    results = found()
    results.makings = [Making(POST, [0.4, 0.5, 9], 400), Making(SIMPLE_NAME, [micros], 350)]
    page = markdown(results, None)
    assert verdict(results, "a simple template").met is met
    assert f"| {SIMPLE_NAME} | 350 | {micros:.2f} | {micros / 0.5:.2f} |" in page
