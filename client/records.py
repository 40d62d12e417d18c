"""A user's own record: the text of a template file, for the API to check."""

from __future__ import annotations

from pathlib import Path

from client.plans import BadPlan

MOST_BYTES = 8 * 1024
"""As worker/template/parser.py has it: said here, so that the file is named."""


def read_record(name: str) -> str:
    """Return the file's text. Raises BadPlan where it is none, or too long."""
    try:
        raw = Path(name).read_bytes()
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadPlan(
            f"the record template {name} can't be read ({reason}): give a file such as "
            '{"template": {"id": "{{uuid}}"}, "partition_key": "{{field id}}"}'
        ) from None
    if len(raw) > MOST_BYTES:
        raise BadPlan(
            f"the record template {name} has {len(raw):,} bytes: at most {MOST_BYTES:,} are "
            "taken; {{text 5000}} makes a long text"
        )
    return text
