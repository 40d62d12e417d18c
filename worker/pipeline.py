"""One producer's data flow on one page: make what is due, gather, send, retry, account for it.

    step: answers that came in → retries whose wait is over → records that are due → requests out

All state belongs to the one thread that calls `step`; the sender's threads only block on the
network and hand their answers back. So there is no lock here, and the whole flow can be driven by a
fake clock and a fake stream. Two bounds keep memory flat: new records that wait to be sent hold up
the generator (what it then doesn't make in time is caught up later, or reported as missed), and
records that wait for a retry live in the retrier's bounded buffer. Retries don't hold it up: a load
generator that slows down with its target hides what it should show. A request that can't be
sent yet anyway is left open past its deadline, so requests grow when answers are slow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from worker.collector import Batch
from worker.concurrency import Concurrency
from worker.encoding import Outcome
from worker.histogram import Histogram
from worker.ledger import Cause, Ledger
from worker.limits import SURE_TO_FIT_BYTES, is_too_large
from worker.pacer import Pace, Unpaced
from worker.record import Entry, Item, Record, records_of
from worker.retrier import Retrier


class Source(Protocol):
    """What makes records: of posts, or of a user's template."""

    def posts(self, dues_ns: Sequence[int]) -> list[Record]: ...


class Gatherer(Protocol):
    """What makes requests of records: a collector, with or without aggregation before it."""

    @property
    def deadline_ns(self) -> int | None: ...
    def add(self, items: Sequence[Record], since_ns: int) -> list[Batch]: ...
    def overdue(self, now_ns: int) -> list[Batch]: ...
    def drain(self) -> list[Batch]: ...


@dataclass(frozen=True)
class Latencies:
    """Where the pipeline counts how long records took."""

    from_due: Histogram
    from_send: Histogram


class Pipeline:
    """The steps of one producer, wired. Times are monotonic nanoseconds."""

    def __init__(
        self,
        *,
        pace: Pace,
        start_ns: int,
        generator: Source,
        gatherer: Gatherer,
        retrier: Retrier,
        ledger: Ledger,
        latencies: Latencies,
        concurrency: Concurrency,
        max_unsent: int,
        save: Callable[[Ledger], None],
        dispatch: Callable[[Batch], None],
    ) -> None:
        """`start_ns` is the pool's; `max_unsent` bounds the records that wait to be sent; `save`
        makes the ledger outlive the process; `dispatch` sends a batch without blocking.
        """
        self._pace = pace
        self._start_ns = start_ns
        self._generator = generator
        self._gatherer = gatherer
        self._retrier = retrier
        self.ledger = ledger
        self._latencies = latencies
        self._concurrency = concurrency
        self._max_unsent = max_unsent
        self._save = save
        self._dispatch = dispatch
        self._outbox: deque[Batch] = deque()
        self._in_flight = 0
        self._unsent = 0
        self._unsent_again = 0
        self._last_step_ns = start_ns

    def step(self, now_ns: int, *, generate: bool = True) -> None:
        """Do what is to be done at `now_ns`; without `generate`, only bring out what is there."""
        if self._unsent_again < self._max_unsent:
            again = self._retrier.ready(now_ns)
            self._unsent_again += len(again)
            self.ledger.retried += len(again)
            self._gather(again, now_ns)
        if generate:
            self._generate(now_ns)
            if self._in_flight + len(self._outbox) < self._concurrency.limit:
                self._outbox += self._gatherer.overdue(now_ns)
        else:
            self._outbox += self._gatherer.drain()
        self._last_step_ns = now_ns
        self._save(self.ledger)
        while self._outbox and self._in_flight < self._concurrency.limit:
            batch = self._outbox.popleft()
            self._in_flight += 1
            self._unsent -= batch.records
            if self._unsent_again:
                self._unsent_again -= _refused_before(batch)
            self._dispatch(batch)

    def settle(self, batch: Batch, outcome: Outcome, sent_ns: int, now_ns: int) -> None:
        """Account for the answer to one batch, which was sent at `sent_ns`."""
        self._in_flight -= 1
        taken, refused = _sorted_out(batch, outcome)
        if taken:
            delivered = 0
            for dues_ns in _dues(taken):
                delivered += len(dues_ns)
                self._latencies.from_due.add_all(now_ns, dues_ns)
            self.ledger.delivered += delivered
            self._latencies.from_send.add(now_ns - sent_ns, delivered)
        if Cause.UNREACHABLE not in refused:
            share = sum(map(len, refused.values())) / batch.records
            self._concurrency.answered(now_ns - sent_ns, now_ns, share)
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
        next_due = self._pace.due_at(self.ledger.generated + 1)
        times = (
            None if next_due is None else self._start_ns + next_due,
            self._gatherer.deadline_ns,
            self._retrier.next_ready_ns,
        )
        return min((time for time in times if time is not None), default=None)

    def _generate(self, now_ns: int) -> None:
        made = self.ledger.generated
        elapsed_ns, step_ns = now_ns - self._start_ns, now_ns - self._last_step_ns
        number = self._pace.allowed(elapsed_ns, made, step_ns)
        number = min(number, self._max_unsent - (self._unsent - self._unsent_again))
        if number > 0:
            since_ns = now_ns if isinstance(self._pace, Unpaced) else self._start_ns
            self.ledger.generated += number
            dues_ns = self._pace.dues(made, number, since_ns)
            self._gather(self._generator.posts(dues_ns), dues_ns[0])

    def _gather(self, records: Sequence[Record], since_ns: int) -> None:
        """Have records gathered that wait for company since then."""
        if not records:
            return
        if max([len(record[0]) for record in records]) > SURE_TO_FIT_BYTES:
            fitting = [record for record in records if not is_too_large(record)]
            self.ledger.fail(Cause.REJECTED, len(records) - len(fitting))
            records = fitting
        self._unsent += len(records)
        self._outbox += self._gatherer.add(records, since_ns)


def _sorted_out(batch: Batch, outcome: Outcome) -> tuple[Sequence[Item], dict[Cause, list[Record]]]:
    """The entries that Kinesis took, and the records that it refused, by cause."""
    if not outcome.causes:
        return batch.items, {}
    taken: list[Item] = []
    refused: dict[Cause, list[Record]] = {}
    for item, cause in zip(batch.items, outcome.causes, strict=True):
        if cause is None:
            taken.append(item)
        else:
            refused.setdefault(cause, []).extend(records_of(item))
    return taken, refused


def _dues(taken: Sequence[Item]) -> list[list[int]]:
    """When what was taken was due: a list for each aggregate, or one for all records."""
    if isinstance(taken[0], Entry):
        return [[record[2] for record in records_of(item)] for item in taken]
    return [[record[2] for record in cast("Sequence[Record]", taken)]]


def _refused_before(batch: Batch) -> int:
    return sum(record.attempt > 0 for item in batch.items for record in records_of(item))
