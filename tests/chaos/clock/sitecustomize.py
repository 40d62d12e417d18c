"""Imported by Python itself when this folder is on PYTHONPATH: a wall clock that can be put wrong.

What `time.time` and `time.time_ns` tell is off by as many seconds as the file named by CLOCK_OFFSET
says. Setting the machine's own clock takes root, and Linux' time namespaces leave this clock alone.
botocore signs by `datetime`, which this doesn't reach: what Kinesis says to a wrong signature is
tried in tests/chaos/test_silence.py.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

_FILE = Path(os.environ["CLOCK_OFFSET"])
_time, _time_ns = time.time, time.time_ns


def _offset() -> int:
    return int(_FILE.read_text() or 0)


def _shifted(clock: Callable[[], float]) -> Callable[[], float]:
    return lambda: clock() + _offset()


time.time = _shifted(_time)
time.time_ns = lambda: _time_ns() + _offset() * 10**9
