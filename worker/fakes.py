"""Values made by Faker, for templates that ask for some: a pool of each kind, made once a worker.

Faker makes a value in twenty microseconds and more, dozens of times what a record may cost, so
there are a thousand of each kind to choose from. It is imported only where a template uses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec

from worker.template.functions import inner_json
from worker.template.providers import MOST_BYTES, PROVIDERS

POOL = 1_024
_TRIES = 20 * POOL


def available() -> bool:
    """Whether Faker is installed."""
    return find_spec("faker") is not None


def prepare(providers: Iterable[str]) -> None:
    """Make the pools, so that processes forked from here on have them."""
    for provider in providers:
        pool(provider)


@lru_cache(maxsize=len(PROVIDERS))
def pool(provider: str) -> list[str]:
    """Values of one of PROVIDERS, as they stand within a JSON text; the same ones every time."""
    from faker import Faker

    faker = Faker("en_US", use_weighting=False)
    faker.seed_instance(provider)
    make = getattr(faker, provider)
    found: list[str] = []
    for _ in range(_TRIES):
        value = inner_json(str(make()))
        if 0 < len(value.encode()) <= MOST_BYTES:
            found.append(value)
        if len(found) == POOL:
            break
    return found
