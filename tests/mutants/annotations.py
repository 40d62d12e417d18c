"""Which places in a source are annotations: nobody runs them, so a mutant there changes nothing.

Every module begins with `from __future__ import annotations`; mypy holds what they say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult

Place = tuple[int, int]
"""Line from 1, column from 0."""


def skip_annotations(session: Path, source: str) -> None:
    """Mark a session's mutants of annotations as not to be run."""
    spans = list(annotation_spans(source))
    with use_db(session, WorkDB.Mode.open) as work:
        for item in list(work.pending_work_items):
            place = item.mutations[0].start_pos
            if any(start <= place < end for start, end in spans):
                skipped = WorkResult(WorkerOutcome.SKIPPED, output="an annotation")
                work.set_result(item.job_id, skipped)


def annotation_spans(source: str) -> Iterator[tuple[Place, Place]]:
    """Where each annotation begins and ends."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            found = node.returns
        elif isinstance(node, ast.arg | ast.AnnAssign):
            found = node.annotation
        else:
            continue
        if found is not None and found.end_lineno is not None and found.end_col_offset is not None:
            yield (found.lineno, found.col_offset), (found.end_lineno, found.end_col_offset)
