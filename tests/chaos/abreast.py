"""Faults tried side by side: each has a stream and a worker of its own, so that they take the time
of one.

One microburst serves all: its rules tell the streams apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.proxy import FaultProxy, put_records
from tests.chaos.site import Outcome, Site
from tests.workers import Worker

LONGEST_SECONDS = 90.0


@dataclass(frozen=True)
class Trial:
    """A fault and what is to be seen of it."""

    name: str
    cause: str
    """What the ledger, or the log, calls it."""
    says: str = ""
    """What stands in the worker's log."""
    rule: Mapping[str, Any] | None = None
    """Microburst's effects; None where `endpoint` or `settings` are the fault."""
    endpoint: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


class Abreast:
    """The trials of one test."""

    def __init__(
        self, proxy: FaultProxy, trials: Sequence[Trial], new_site: Callable[[str], Site]
    ) -> None:
        self._proxy = proxy
        self._trials = trials
        self._sites = [new_site(str(number)) for number in range(len(trials))]
        self._fired: list[int] = []
        self.workers: list[Worker] = []
        pairs = zip(trials, self._sites, strict=True)
        proxy.rules(
            *[
                put_records(**trial.rule, body=f"StreamName == '{site.stream}'")
                for trial, site in pairs
                if trial.rule is not None
            ]
        )

    def send(self, seconds: float | None, tps: int) -> None:
        """Start a worker for each."""
        for trial, site in zip(self._trials, self._sites, strict=True):
            settings = {"TARGET_TPS": tps, "WORKER_PROCESSES": 1, **trial.settings}
            endpoint = trial.endpoint or self._proxy.endpoint
            self.workers.append(site.worker(endpoint, seconds, settings))

    def lift(self) -> None:
        """No fault from now on."""
        self._fired = self._proxy.fired_each()
        self._proxy.rules()

    def wait(self, seconds: float = LONGEST_SECONDS) -> None:
        """Until every worker has ended."""
        for worker in self.workers:
            worker.process.wait(seconds)

    def outcomes(self, how: str) -> Iterator[tuple[Trial, Outcome]]:
        """What became of each, once all have ended. A fault that no rule made counts once."""
        self.wait()
        fired = iter(self._fired or self._proxy.fired_each())
        for trial, site, worker in zip(self._trials, self._sites, self.workers, strict=True):
            times = 1 if trial.rule is None else next(fired)
            yield trial, site.outcome(worker, f"{trial.name}{how}", times)
