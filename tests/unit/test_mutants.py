"""The mutation run's own judgement: what survives is told, and the list of reasons stays true."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.annotations import annotation_spans
from tests.mutants.outcome import (
    Mutant,
    MutationFailed,
    Outcome,
    complaints,
    read_outcome,
    read_reasons,
    total,
)

DIFF = """--- mutation diff ---
--- aworker/pacer.py
+++ bworker/pacer.py
@@ -1,3 +1,3 @@
 def due() -> int:
-    return one + two
+    return one - two
"""
MUTANT = Mutant("pacer", "return one + two", "return one - two")
LISTED = """
[[survivor]]
module = "pacer"
was = "return one + two"
became = ["return one - two"]
reason = "two is 0"
"""


def dump(*results: dict[str, Any] | None) -> str:
    return "\n".join(json.dumps([{"job_id": "a"}, result]) for result in results)


def result(test: str | None, worker: str = "normal") -> dict[str, Any]:
    return {"worker_outcome": worker, "test_outcome": test, "diff": DIFF, "output": "what it said"}


def test_survivors_are_told_from_the_noticed_and_from_what_was_not_run() -> None:
    told = dump(result("killed"), result("survived"), result(None, "skipped"))
    assert read_outcome("pacer", told) == Outcome("pacer", 2, (MUTANT,))


@pytest.mark.parametrize("told", ["", dump(result("killed"), None), dump(result(None, "abnormal"))])
def test_a_run_that_is_not_whole_is_no_result(told: str) -> None:
    with pytest.raises(MutationFailed, match="pacer"):
        read_outcome("pacer", told)


def test_what_survives_needs_a_reason_and_a_reason_needs_a_survivor() -> None:
    survived, noticed = Outcome("pacer", 5, (MUTANT, MUTANT)), Outcome("pacer", 5, ())
    reasons = read_reasons(LISTED)
    assert list(complaints([survived], reasons)) == list(complaints([noticed], {})) == []
    assert list(complaints([survived], {})) == [
        "survived: pacer: return one + two  ->  return one - two"
    ]
    assert list(complaints([noticed], reasons)) == [
        "listed, but noticed or gone: pacer: return one + two  ->  return one - two"
    ]
    assert list(complaints([Outcome("ledger", 5, ())], reasons)) == []
    assert total([survived, noticed]) == "10 mutants, 8 noticed, 2 survived"


def test_annotations_are_found_and_nothing_else() -> None:
    source = "def f(a: int | None, b=1) -> int | None:\n    c: str = a | b\n    return c\n"
    lines = source.splitlines()
    found = [lines[start[0] - 1][start[1] : end[1]] for start, end in annotation_spans(source)]
    assert sorted(found) == ["int | None", "int | None", "str"]


def test_every_reason_on_the_list_is_of_a_line_that_is_there() -> None:
    root = Path(__file__).resolve().parents[2]
    reasons = read_reasons((root / "tests/mutants/survivors.toml").read_text())
    assert reasons
    for mutant in reasons:
        lines = (root / f"worker/{mutant.module}.py").read_text().splitlines()
        assert mutant.was in [line.strip() for line in lines], mutant
