"""A client that is observed to its end, which may come at any look."""

from __future__ import annotations

from typing import Any

import pytest

from bench.client_process import Usage
from bench.errors import ContenderFailed
from bench.run import Schedule, observe

AT_ONCE = Schedule(60.0, every=0.0, to_its_end=True)


class Client:
    """Ends after so many looks."""

    def __init__(self, looks: int) -> None:
        self._looks = looks

    def usage(self) -> Usage:
        if self._looks == 0:
            raise ContenderFailed("worker: exit code 0")
        self._looks -= 1
        return Usage(cpu_seconds=1.0, rss=1)

    def ended(self) -> bool:
        return False


class Sink:
    def wait_for_first(self, *_: object) -> bool:
        return True

    def cpu_seconds(self) -> float:
        return 1.0


def looks_at(client: Client) -> int:
    given: Any = client
    sink: Any = Sink()
    return len(observe(given, sink, AT_ONCE))


@pytest.mark.parametrize("looks", [2, 5])
def test_it_is_looked_at_until_it_ends(looks: int) -> None:
    assert looks_at(Client(looks)) == looks


@pytest.mark.parametrize("looks", [0, 1])
def test_one_that_ends_before_two_looks_has_failed_as_a_contender(looks: int) -> None:
    with pytest.raises(ContenderFailed, match="exit code 0"):
        looks_at(Client(looks))
