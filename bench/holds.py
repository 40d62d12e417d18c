"""Section *pace*: does the worker hold a pace, how evenly, at what cost, in how much memory.

The sink's arrival log is the witness. What is due is the pace times the seconds that the worker
says it ran; how evenly it came is judged from a second after the first request on (a worker that
starts late catches up) to shortly before the last.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bench.arrivals import NS, Evenness, evenness
from bench.contenders import Contender, worker
from bench.costs import Say
from bench.errors import BenchError
from bench.run import Run, Schedule, Workbench
from bench.sink_process import Behaviour

START_SECONDS = 0.8
"""What a worker takes to start; its phase's end is set that much later."""
SETTLE_SECONDS = 1.0
TAIL_NS = NS // 5
SECOND_NS = NS
TENTH_NS = NS // 10
FINE_FROM = 10_000
"""Records per second from which windows of 100 ms are judged."""
SECOND_TOLERANCE = 0.01
TENTH_TOLERANCE = 0.05
LEAST_TOLERANCE = 2.0
"""Records."""
SAMPLE_SECONDS = 1.0
IDLE_START_SECONDS = 2.0


@dataclass(frozen=True)
class Order:
    """A pace to hold."""

    title: str
    rate: int
    """Records per second; 0: stay idle."""
    seconds: float
    processes: int = 1
    aggregated: bool = False
    behaviour: Behaviour = field(default_factory=Behaviour)
    one_core: bool = False
    """Keep it to one CPU of the machine."""

    @property
    def contender(self) -> Contender:
        return worker(
            str(self.rate),
            aggregated=self.aggregated,
            processes=self.processes,
            behaviour=self.behaviour,
        )


@dataclass(frozen=True)
class Hold:
    """How the worker carried out an order."""

    order: Order
    run: Run

    @property
    def expected(self) -> float:
        """Records that were due, within half of `precision`."""
        return self.order.rate * self._total("seconds")

    @property
    def precision(self) -> float:
        """Records in the last digit of the seconds that the worker tells."""
        return self.order.rate / 1000

    @property
    def came(self) -> int:
        return self.run.sink.accepted

    @property
    def lost(self) -> int:
        """Generated, and neither delivered nor given up with a cause."""
        return int(self._total("generated")) - self.came - self.failed

    @property
    def failed(self) -> int:
        """Given up, by the ledger's count."""
        return int(self._total("failed"))

    @property
    def missed(self) -> int:
        """Due and never generated, by the worker's own count."""
        return int(self._total("missed"))

    @property
    def exact(self) -> bool:
        """All that was due came."""
        return abs(self.came - self.expected) <= self.precision / 2 + 1

    @property
    def cpu_share(self) -> float:
        return self.run.cpu_share

    @property
    def limited_by(self) -> str | None:
        """What kept the worker from its pace, in its own words."""
        reason = self.run.totals.get("limited_by")
        return None if reason is None else str(reason)

    def latency_ms(self, since: str, quantile: str) -> float | None:
        """From `from_due` or `from_send` to the answer, by the ledger; None: it tells none."""
        found = ((self.run.totals.get("latency_ms") or {}).get(since) or {}).get(quantile)
        return None if found is None else float(found)

    @property
    def peak_rss(self) -> int:
        """Bytes."""
        return max(sample.rss for sample in self.run.samples)

    def memory(self) -> list[tuple[float, int]]:
        """Seconds since the first sample, resident bytes."""
        samples = self.run.samples
        return [((s.time_ns - samples[0].time_ns) / NS, s.rss) for s in samples]

    def evenness(self, width_ns: int, tolerance: float) -> Evenness | None:
        """Of all windows of that width; `tolerance` is a share. None if the run was too short."""
        log = self.run.sink.log
        if not log.times_ns:
            return None
        first = log.times_ns[0] + int(SETTLE_SECONDS * NS)
        last = log.times_ns[-1] - TAIL_NS
        if last - first < width_ns:
            return None
        allowed = max(LEAST_TOLERANCE, self.order.rate * width_ns / NS * tolerance)
        return evenness(log, self.order.rate, width_ns, (first, last), allowed)

    @property
    def seconds_even(self) -> Evenness | None:
        return self.evenness(SECOND_NS, SECOND_TOLERANCE)

    @property
    def tenths_even(self) -> Evenness | None:
        if self.order.rate < FINE_FROM:
            return None
        return self.evenness(TENTH_NS, TENTH_TOLERANCE)

    def _total(self, name: str) -> float:
        return float(self.run.totals.get(name, 0))


@dataclass(frozen=True)
class NotHeld:
    """An order that could not be carried out or measured."""

    order: Order
    failure: str


def hold(bench: Workbench, order: Order, say: Say) -> Hold | NotHeld:
    """Carry it out and measure."""
    say(f"pace   {order.title} …")
    try:
        result = Hold(order, _run(bench, order))
    except BenchError as error:
        say(f"pace   {order.title}: failed: {error}")
        return NotHeld(order, str(error))
    say(f"pace   {order.title}: {_news(result)}")
    return result


def _run(bench: Workbench, order: Order) -> Run:
    cpus = (0,) if order.one_core else None
    if order.rate == 0:
        idle = Schedule(order.seconds, warm_up=IDLE_START_SECONDS, sends=False)
        return bench.run(order.contender, idle, cpus=cpus)
    schedule = Schedule(
        order.seconds + START_SECONDS + SAMPLE_SECONDS,
        warm_up=SETTLE_SECONDS,
        every=SAMPLE_SECONDS,
        to_its_end=True,
    )
    ends_at = time.time() + START_SECONDS + order.seconds
    return bench.run(order.contender, schedule, {"PHASE_ENDS_AT": f"{ends_at:.3f}"}, cpus)


def _news(result: Hold) -> str:
    return (
        f"{result.came:,} came, {result.failed:,} failed, {result.lost:,} lost, "
        f"{result.missed:,} missed, {result.cpu_share:.1%} of a core, "
        f"{result.peak_rss / 1e6:.0f} MB at most"
    )
