"""For every test: no example is timed, and Ctrl-C works.

hypothesis' deadline is a timing, and so is its check of how long an example takes to make: timings
belong in bench/, and CI is slow. A shell without job control starts a background job with SIGINT
ignored, and so would every program be that a test starts and interrupts: hence the signal gets its
handler back.

moto would make 1,300 machine images for each test that has an AWS, a quarter of the unit tests'
time and half of their memory.
"""

import os
import signal

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
