"""A pytest plugin for mutants: hypothesis by fixed examples, and none made smaller.

A test has to fail, nobody reads how; and a mutant that loops must not loop in shrinking, too.
"""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "mutants",
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=tuple(HealthCheck),
)
settings.load_profile("mutants")
