"""For every test: no example is timed, and Ctrl-C works.

hypothesis' deadline is a timing, which belongs in bench/, and CI is slow. A shell without job
control starts a background job with SIGINT ignored, and so would every program be that a test
starts and interrupts: hence the signal gets its handler back.
"""

import signal

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
signal.signal(signal.SIGINT, signal.default_int_handler)
