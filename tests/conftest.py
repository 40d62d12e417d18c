"""For every test: no example is timed, and Ctrl-C works.

hypothesis' deadline is a timing, and so is its check of how long an example takes to make: timings
belong in bench/, and CI is slow. A shell without job control starts a background job with SIGINT
ignored, and so would every program be that a test starts and interrupts: hence the signal gets its
handler back.

A worker of xdist that dies takes with it what it would have run: the run ends there, with pytest's
"internal error" and not with "some failed".

moto would make 1,300 machine images for each test that has an AWS, a quarter of the unit tests'
time and half of their memory.
"""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str) -> None:
    """A worker died in `crashitem` (a hook of xdist's)."""
    pytest.exit(f"a worker died in {crashitem}", returncode=pytest.ExitCode.INTERNAL_ERROR)
