"""Looks for secrets in every file that git tracks or would track.

    .venv-lint/bin/python -m scans.secrets_in_tree [FOLDER]

With a FOLDER all files in it are looked at, tracked or not. What is found is told by file, line and
kind, never by its text: the output is a log as well. Exit code 1 if anything is found.

detect-secrets knows the shapes of keys (AWS, private keys, tokens of some twenty services) and
takes what is assigned to a `password`, `secret` or `token` for one, whatever it looks like. What it
may overlook is named below with the reason, text by text.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

ROOT = Path(__file__).resolve().parent.parent

ALLOWED_TEXTS = {
    "test": "the embedded AWS's key: no real AWS takes it",
    "AKIAIOSFODNN7EXAMPLE": "the key of AWS's documentation",
    "more": "a page's token in a test",
    "a session": "a session's token in a test",
    "to": "the same with a quote in it",
    "these credentials have run out: log in again": "what the client says of ExpiredTokenException",
}
ALLOWED_LINES = {
    # The second form is what detect-secrets makes of a lock file that it takes for an INI file.
    r"^--hash=sha256:[0-9a-f]{64}( \\)?$": "a package's hash",
    r'^[\w.-]+ = "--hash=sha256:[0-9a-f]{64}( \\)?"$': "a package's hash",
    r'^"(LICENSE|uPlot[.\w]+)": "[0-9a-f]{64}",?$': "a vendored file's hash",
    r'^"integrity": "sha512-[\w+/=]+",$': "a vendored package's hash",
}
_FILTERS = "detect_secrets.filters"
_WHOLE_FILES = ("is_lock_file", "is_swagger_file")
"""By their names these would pass over whole files, local/swagger.py among them."""
_CONTROL = "".join(("AKIA", "Z7Q4X9T2", "M6V3B8K5"))
"""A key that nobody has, in two pieces, so that it isn't one in this file."""


class Blind(Exception):
    """The scan doesn't find what was put before it."""


@dataclass(frozen=True)
class Finding:
    """Where something like a secret stands."""

    path: Path
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind}"


@contextmanager
def what_to_look_for() -> Iterator[None]:
    """detect-secrets with all that it knows, less what is allowed."""
    with default_settings() as settings:
        for name in _WHOLE_FILES:
            settings.filters.pop(f"{_FILTERS}.heuristic.{name}")
        texts = [f"^{re.escape(text)}$" for text in ALLOWED_TEXTS]
        settings.filters[f"{_FILTERS}.regex.should_exclude_secret"] = {"pattern": texts}
        lines = [*ALLOWED_LINES]
        settings.filters[f"{_FILTERS}.regex.should_exclude_line"] = {"pattern": lines}
        yield


def found_in(paths: Iterable[Path]) -> Iterator[Finding]:
    """Everything like a secret in these files."""
    with what_to_look_for():
        for path in paths:
            for secret in scan_file(str(path)):
                yield Finding(path, secret.line_number, secret.type)


def tracked() -> list[Path]:
    """The files that git tracks, and those that it would: all but the ignored ones."""
    listing = subprocess.run(  # nosec B603 B607 # git, by fixed arguments
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [Path(name) for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def must_see() -> None:
    """Puts a key before the scan. Raises Blind if it goes by."""
    with tempfile.TemporaryDirectory() as folder:
        planted = Path(folder) / "planted.py"
        planted.write_text(f"ACCESS_KEY = '{_CONTROL}'\n")
        if not [*found_in([planted])]:
            raise Blind("detect-secrets doesn't find a key that was planted")


def main(arguments: list[str]) -> int:
    """Scans, and tells. 1 if anything was found, 2 if the scan is blind."""
    try:
        must_see()
    except Blind as error:
        sys.stderr.write(f"secrets: {error}\n")
        return 2
    folder = Path(arguments[0]) if arguments else None
    paths = tracked() if folder is None else sorted(p for p in folder.rglob("*") if p.is_file())
    found = [*found_in(paths)]
    for finding in found:
        sys.stdout.write(f"{finding}\n")
    sys.stdout.write(f"secrets: {len(found)} in {len(paths)} files\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
