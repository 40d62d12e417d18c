"""Has the C allocator keep the memory of one request for the next.

A request's body takes 0.2 to 2 MB. glibc maps memory of that size anew each time and gives it back,
and the kernel clears every page of it again: a tenth of what an aggregated record costs.

Source: mallopt(3), M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Of mallopt, as malloc.h numbers them."""
_KEPT_BYTES = 64 << 20
_PAD_BYTES = 16 << 20
_LARGEST_KEPT_BYTES = 32 << 20
"""The most that mallopt takes on 64 bits."""


def keep_freed_memory() -> None:
    """Set it for this process; nothing happens where the C library has no mallopt."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_TOP_PAD, _PAD_BYTES)
        mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES)
