"""One run: a contender against a sink, observed from outside, its counts held against theirs."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.arrivals import NS
from bench.certificate import write_certificate
from bench.client_process import STOP_SECONDS, ClientProcess, client_environment
from bench.contenders import Contender
from bench.errors import ContenderFailed, CountsDisagree
from bench.sink_process import SinkProcess, SinkReport

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
"""The operating system counts CPU time in these; less than one can't be told from none."""
FIRST_SECONDS = 20.0
"""How long a client may take to its first PutRecords."""


@dataclass(frozen=True)
class Schedule:
    """When to look. Seconds."""

    seconds: float
    """How long to observe."""
    warm_up: float = 0.0
    """How long after the first request to begin."""
    every: float | None = None
    """Between two samples; None: only at the beginning and at the end."""
    to_its_end: bool = False
    """The client ends by itself; else it is told to when the observation is over."""
    sends: bool = True
    """False for a client that is to stay idle."""


@dataclass(frozen=True)
class Sample:
    """The client, and the sink's CPU time, at one moment."""

    time_ns: int
    cpu_seconds: float
    rss: int
    sink_cpu_seconds: float


@dataclass(frozen=True)
class Run:
    """What was observed. Records are user records."""

    contender: Contender
    samples: list[Sample]
    totals: dict[str, Any]
    """The client's last word: its ledger."""
    sink: SinkReport

    @property
    def seconds(self) -> float:
        """Of observation."""
        return (self.samples[-1].time_ns - self.samples[0].time_ns) / NS

    @property
    def records(self) -> float:
        """Accepted by the sink while observed."""
        return self.sink.log.between(self.samples[0].time_ns, self.samples[-1].time_ns)

    @property
    def cpu_seconds(self) -> float:
        """Of the client while observed, all processes, user and system."""
        return self.samples[-1].cpu_seconds - self.samples[0].cpu_seconds

    @property
    def micros_per_record(self) -> float:
        return max(self.cpu_seconds, TICK_SECONDS) * 1e6 / self.records

    @property
    def own_micros_per_record(self) -> float | None:
        """By the client's own count of its CPU time, start and end included; None: it has none."""
        used = self.totals.get("cpu_seconds")
        delivered = self.totals["delivered"]
        return None if used is None or not delivered else used * 1e6 / delivered

    @property
    def records_per_second(self) -> float:
        return self.records / self.seconds

    @property
    def cpu_share(self) -> float:
        """Of one core, 1 being all of it."""
        return self.cpu_seconds / self.seconds

    @property
    def sink_share(self) -> float:
        """Of one core, by the sink."""
        used = self.samples[-1].sink_cpu_seconds - self.samples[0].sink_cpu_seconds
        return used / self.seconds


class Workbench:
    """Runs contenders one after the other. `folder` takes the certificate."""

    def __init__(self, folder: Path) -> None:
        self._chain, self._authority = write_certificate(folder)

    def run(
        self,
        contender: Contender,
        schedule: Schedule,
        settings: dict[str, str] | None = None,
        cpus: Sequence[int] | None = None,
    ) -> Run:
        """Run it, `cpus` being where it may run; raise ContenderFailed or CountsDisagree."""
        behaviour = contender.behaviour
        with SinkProcess(behaviour, self._chain) as sink:
            environment = client_environment(
                sink.endpoint,
                str(self._authority) if behaviour.tls else None,
                {**_dead_mans_switch(schedule), **contender.settings, **(settings or {})},
            )
            with ClientProcess(contender.module, environment) as client:
                if cpus is not None:
                    client.pin(cpus)
                samples = observe(client, sink, schedule)
                if not schedule.to_its_end:
                    client.stop()
                totals = client.finish(schedule.seconds + STOP_SECONDS)
            report = sink.finish()
        run = Run(contender, samples, totals, report)
        _hold_against_each_other(run)
        return run


def _dead_mans_switch(schedule: Schedule) -> dict[str, str]:
    """A worker ends by itself some time after it should have been told to."""
    longest = FIRST_SECONDS + schedule.warm_up + schedule.seconds + STOP_SECONDS
    return {"PHASE_ENDS_AT": f"{time.time() + longest:.3f}"}


def observe(client: ClientProcess, sink: SinkProcess, schedule: Schedule) -> list[Sample]:
    """Two samples at the least: an observation of no length is no measurement (ContenderFailed)."""
    if schedule.sends and not sink.wait_for_first(FIRST_SECONDS, client.ended):
        raise client.failure(f"sent nothing in {FIRST_SECONDS:.0f} s")
    time.sleep(schedule.warm_up)
    samples = [_sample(client, sink)]
    end = time.monotonic() + schedule.seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(left if schedule.every is None else min(left, schedule.every))
        try:
            sample = _sample(client, sink)
        except ContenderFailed as error:
            if not schedule.to_its_end:
                raise
            if len(samples) == 1:
                raise ContenderFailed(f"it ended too early to be measured ({error})") from error
            break
        samples.append(sample)
    return samples


def _sample(client: ClientProcess, sink: SinkProcess) -> Sample:
    usage = client.usage()
    return Sample(
        time_ns=time.monotonic_ns(),
        cpu_seconds=usage.cpu_seconds,
        rss=usage.rss,
        sink_cpu_seconds=sink.cpu_seconds(),
    )


def _hold_against_each_other(run: Run) -> None:
    """The client's counts and the sink's must be the same."""
    pairs = (("delivered", run.sink.accepted), ("throttled", run.sink.refused))
    wrong = [
        f"{run.totals[name]:,} {name} by its own count, {seen:,} by the sink's"
        for name, seen in pairs
        if run.totals.get(name, 0) != seen
    ]
    if wrong:
        raise CountsDisagree("; ".join(wrong))
