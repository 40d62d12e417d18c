"""`python -m bench [--quick] [--only SECTION …]`: measures, prints, and writes docs/benchmarks.md.

Only a full run is written to docs/; `--quick` and `--only` print the page instead. Exit code 0: all
of ours was measured and every count agreed (the page says which targets were met); 1: not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.costs import measure_costs
from bench.holds import hold
from bench.machine import this_machine
from bench.plan import SECTIONS, Plan, full_plan, quick_plan
from bench.plot import svg
from bench.real import measure_real
from bench.report import markdown
from bench.results import Results
from bench.run import Workbench
from bench.sink_process import ROOT
from bench.templates import measure_templates

PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "benchmarks.svg"


def main() -> int:
    arguments = _arguments()
    plan = quick_plan() if arguments.quick else full_plan()
    whole = not (arguments.quick or arguments.only)
    command = "make bench" if whole else f"python -m bench {' '.join(sys.argv[1:])}"
    results = Results(this_machine(command), plan.effort)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        _measure(results, plan, arguments.only or SECTIONS, Path(folder))
    if whole:
        _write(results)
    else:
        print(markdown(results, None))
    for failure in results.failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if results.failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes instead of eleven")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, help="these sections")
    return parser.parse_args()


def _measure(results: Results, plan: Plan, sections: Sequence[str], folder: Path) -> None:
    bench = Workbench(folder)
    if "costs" in sections:
        results.costs = measure_costs(bench, plan.effort, _say)
    if "pace" in sections:
        results.holds = {key: hold(bench, order, _say) for key, order in plan.orders.items()}
    if "real" in sections:
        results.readings = measure_real(folder, plan.real_seconds, _say)
    if "template" in sections:
        results.makings = measure_templates(_say)


def _write(results: Results) -> None:
    picture = svg(results)
    if picture is not None:
        PLOT.write_text(picture)
    PAGE.write_text(markdown(results, PLOT.name if picture else None))
    _say(f"written: {PAGE.relative_to(ROOT)}")


_started = time.monotonic()


def _say(line: str) -> None:
    print(f"{time.monotonic() - _started:6.0f} s  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
