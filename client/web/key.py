"""The page's key: who knows it may use the page, and with it the user's credentials.

It is kept in a file that only the user can read, so that a page that is open goes on when its
server is started anew.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_FILE = "page.key"
_ONLY_MINE = 0o600


def kept(folder: Path) -> str:
    """The key in `folder`, made if there is none; one for now only where nothing can be written."""
    path = folder / _FILE
    try:
        found = _read(path)
        return found or _made(path)
    except OSError:
        return fresh()


def fresh() -> str:
    """A key that nobody has."""
    return secrets.token_urlsafe(24)


def _read(path: Path) -> str | None:
    """The key; None if there is none, or others could have read or written it."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    own = status.st_uid == os.getuid() and status.st_mode & 0o177 == 0 and not path.is_symlink()
    return path.read_text() or None if own else None


def _made(path: Path) -> str:
    """A new key, put in place whole: another server that starts now finds it, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = fresh()
    partial = path.with_name(f"{_FILE}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_MINE), "w") as file:
        file.write(key)
    partial.replace(path)
    return key
