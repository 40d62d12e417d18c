"""A log line that can't be written is no reason to end."""

import errno
import sys

import pytest

from worker import log


class Full:
    """A file on a disk that is full."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise AssertionError("there is nothing to flush")


def test_a_full_disk_behind_the_log_ends_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Full())
    log.event("refused", cause="throttled")
