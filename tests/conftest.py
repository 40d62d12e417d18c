"""For every test: hypothesis doesn't time an example. A timing belongs in bench/, and CI is slow."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
