"""`make mutants`: every mutant of the worker's core is noticed by a test, or listed with a reason.

The list is survivors.toml beside this file. Exit code 1: one survived that isn't on it, or one on
it is noticed by now.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.outcome import MutationFailed, Outcome, complaints, read_reasons, total
from tests.mutants.run import Subject, mutate

PIPELINE = "tests/unit/test_pipeline.py"
SUBJECTS = (
    Subject("aggregator", ("tests/unit/test_aggregator.py", "tests/unit/test_aggregate_size.py")),
    Subject("pacer", ("tests/unit/test_pacer.py",)),
    Subject("retrier", ("tests/unit/test_retrier.py", PIPELINE)),
    Subject("collector", ("tests/unit/test_collector.py", PIPELINE)),
    Subject("ledger", ("tests/unit/test_ledger.py", "tests/unit/test_scoreboard.py", PIPELINE)),
)
REASONED = Path(__file__).with_name("survivors.toml")


def main() -> int:
    names = [subject.module for subject in SUBJECTS]
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(names)}")
    wanted = parser.parse_args().modules or names
    if unknown := set(wanted) - set(names):
        parser.error(f"no such module: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    try:
        outcomes = run_all([subject for subject in SUBJECTS if subject.module in wanted])
    except MutationFailed as error:
        print(error, file=sys.stderr)
        return 1
    wrong = list(complaints(outcomes, read_reasons(REASONED.read_text())))
    print("\n".join([*wrong, total(outcomes)]))
    return 1 if wrong else 0


def run_all(subjects: Sequence[Subject]) -> list[Outcome]:
    """As many modules at once as there are CPUs; each says when it is done."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        print(f"mutating {', '.join(subject.module for subject in subjects)} …", flush=True)
        outcomes = []
        for outcome in pool.map(lambda each: mutate(each, Path(folder) / each.module), subjects):
            print(
                f"{outcome.module:12} {outcome.mutants:5,} mutants, "
                f"{len(outcome.survivors):3,} survived",
                flush=True,
            )
            outcomes.append(outcome)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
