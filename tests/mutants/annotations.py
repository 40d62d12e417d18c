"""Which places in a source are annotations: nobody runs them, so a mutant there changes nothing.

Every module begins with `from __future__ import annotations`; mypy holds what they say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

Place = tuple[int, int]
"""Line from 1, column from 0."""


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
