"""The C allocator keeps what a request's body took."""

from __future__ import annotations

import ctypes
import multiprocessing
import resource

import pytest

from worker.allocator import keep_freed_memory

BODY = 2 << 20
TIMES = 200


def page_faults(keep: bool) -> int:
    """How many a process needs that fills and drops a request's body again and again."""
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(_faults, (keep,))


def _faults(keep: bool) -> int:
    if keep:
        keep_freed_memory()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(TIMES):
        bytes(bytearray(BODY))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="needs a C library's mallopt")
def test_the_memory_of_one_request_serves_the_next() -> None:
    assert page_faults(keep=True) < page_faults(keep=False) / 10
