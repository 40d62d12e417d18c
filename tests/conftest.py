"""For every test: hypothesis times no example. A timing belongs in bench/, and CI is slow."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
