"""For every test: no example is timed, Ctrl-C works, CI tries what has a clock twice.

hypothesis' deadline is a timing, which belongs in bench/, and CI is slow. A shell without job
control starts a background job with SIGINT ignored, and so would every program be that a test
starts and interrupts: hence the signal gets its handler back.

Where others work on the machine at the same time, seconds of the wall may be without a CPU: then a
test of real processes is tried a second time, and pytest's summary says so. A failure that the code
is to blame for fails twice. Unit tests have no clock, and no second try.

moto would make 1,300 machine images for each test that has an AWS, a quarter of the unit tests'
time and half of their memory.
"""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

PURE = Path(__file__).parent / "unit"

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On CI (which sets CI), what isn't pure may be tried again once."""
    if "CI" in os.environ:
        for item in items:
            if PURE not in item.path.parents:
                item.add_marker(pytest.mark.flaky(reruns=1))
