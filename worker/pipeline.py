"""One producer's data flow on one page: make what is due, gather, send, retry, account for it.

    step: answers that came in → retries whose wait is over → records that are due → requests out

All state belongs to the one thread that calls `step`; the sender's threads only block on the
network and hand their answers back. So there is no lock here, and the whole flow can be driven by a
fake clock and a fake stream. Two bounds keep memory flat: records that wait to be sent hold up the
generator (what it then doesn't make in time is caught up later, or reported as missed), and records
that wait for a retry live in the retrier's bounded buffer. Throttling never holds up the generator:
a load generator that slows down with its target hides what it should show. A request that can't be
sent yet anyway is left open past its deadline, so requests grow when answers are slow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from worker.collector import Batch, Collector
from worker.errors import RecordTooLarge
from worker.generator import Generator
from worker.ledger import Cause, Ledger
from worker.pacer import Pacer
from worker.record import Record
from worker.retrier import Retrier
from worker.sender import Outcome


@dataclass(frozen=True)
class Bounds:
    """How much may be on its way at once."""

    max_in_flight: int = 2
    """Requests. Full ones carry 3,300 records/s at 300 ms of latency, a task's pace three times."""
    max_unsent: int = 2_000
    """Records generated but not handed to the sender yet."""


class Pipeline:
    """The steps of one producer, wired. Times are monotonic nanoseconds."""

    def __init__(
        self,
        *,
        pacer: Pacer,
        start_ns: int,
        generator: Generator,
        collector: Collector,
        retrier: Retrier,
        ledger: Ledger,
        bounds: Bounds,
        save: Callable[[Ledger], None],
        dispatch: Callable[[Batch], None],
    ) -> None:
        """`start_ns` is the pool's; `save` makes the ledger outlive the process; `dispatch` sends a
        batch without blocking.
        """
        self._pacer = pacer
        self._start_ns = start_ns
        self._generator = generator
        self._collector = collector
        self._retrier = retrier
        self.ledger = ledger
        self._bounds = bounds
        self._save = save
        self._dispatch = dispatch
        self._outbox: deque[Batch] = deque()
        self._in_flight = 0
        self._unsent = 0
        self._last_step_ns = start_ns

    def step(self, now_ns: int, *, generate: bool = True) -> None:
        """Do what is to be done at `now_ns`; without `generate`, only bring out what is there."""
        for record in self._retrier.ready(now_ns):
            self.ledger.retried += 1
            self._collect(record, now_ns)
        if generate:
            self._generate(now_ns)
            if self._in_flight + len(self._outbox) < self._bounds.max_in_flight:
                self._outbox += self._collector.overdue(now_ns)
        else:
            self._outbox += self._collector.drain()
        self._last_step_ns = now_ns
        self._save(self.ledger)
        while self._outbox and self._in_flight < self._bounds.max_in_flight:
            batch = self._outbox.popleft()
            self._in_flight += 1
            self._unsent -= len(batch.records)
            self._dispatch(batch)

    def settle(self, batch: Batch, outcome: Outcome, now_ns: int) -> None:
        """Account for the answer to one batch."""
        self._in_flight -= 1
        refused: dict[Cause, list[Record]] = {}
        for record, cause in zip(batch.records, outcome, strict=True):
            if cause is not None:
                refused.setdefault(cause, []).append(record)
        self.ledger.delivered += len(batch.records) - sum(map(len, refused.values()))
        for cause, records in refused.items():
            if cause is Cause.THROTTLED:
                self.ledger.throttled += len(records)
            elif cause is Cause.INTERNAL_FAILURE:
                self.ledger.internal_failures += len(records)
            self.ledger.fail(cause, self._retrier.refuse(records, cause, now_ns))

    def give_up(self) -> None:
        """Fail whatever is still pending: the time to drain is over."""
        self.ledger.fail(Cause.DRAIN_TIMEOUT, self.ledger.pending)
        self._save(self.ledger)

    @property
    def drained(self) -> bool:
        return self.ledger.pending == 0

    def next_event_ns(self) -> int | None:
        """When there is something to do next, answers apart; None: nothing is foreseen."""
        next_due = self._pacer.due_at(self.ledger.generated + 1)
        times = (
            None if next_due is None else self._start_ns + next_due,
            self._collector.deadline_ns,
            self._retrier.next_ready_ns,
        )
        return min((time for time in times if time is not None), default=None)

    def _generate(self, now_ns: int) -> None:
        elapsed_ns = now_ns - self._start_ns
        step_ns = now_ns - self._last_step_ns
        number = self._pacer.allowed(elapsed_ns, self.ledger.generated, step_ns)
        number = min(number, self._bounds.max_unsent - self._unsent)
        for _ in range(number):
            self.ledger.generated += 1
            due_ns = self._start_ns + (self._pacer.due_at(self.ledger.generated) or 0)
            self._collect(self._generator.post(due_ns), now_ns)

    def _collect(self, record: Record, now_ns: int) -> None:
        try:
            full = self._collector.add(record, now_ns)
        except RecordTooLarge:
            self.ledger.fail(Cause.REJECTED, 1)
            return
        self._unsent += 1
        self._outbox += full
