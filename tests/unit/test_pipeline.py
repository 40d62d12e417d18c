"""The flow of one producer, driven by a fake clock against a stream that misbehaves at will."""

import json
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.collector import Batch, Collector
from worker.concurrency import Concurrency
from worker.encoding import Outcome
from worker.generator import Generator, Origin
from worker.histogram import CELLS, Distribution, Histogram
from worker.ledger import Cause, Ledger
from worker.pacer import NS, Pacer
from worker.pipeline import Latencies, Pipeline
from worker.retrier import Retrier, RetryPolicy

LINGER_NS = 50_000_000
STEP_NS = 5_000_000
LATENCY_NS = 3_000_000


class Fixed(Concurrency):
    """As many requests in flight as the test wants."""

    def __init__(self, limit: int) -> None:
        super().__init__(1.0)
        self._limit = limit

    @property
    def limit(self) -> int:
        return self._limit


@dataclass
class Stream:
    """A producer's pipeline with a scripted stream at its end."""

    rate: Fraction = Fraction(1000)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    max_in_flight: int = 64
    max_unsent: int = 2_000
    taken: Counter[int] = field(default_factory=Counter)
    in_flight: list[Batch] = field(default_factory=list)
    from_due: list[int] = field(default_factory=lambda: [0] * CELLS)
    from_send: list[int] = field(default_factory=lambda: [0] * CELLS)
    saved: Ledger = field(default_factory=Ledger)
    now_ns: int = 0

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(
            pace=Pacer(self.rate, 0, 1),
            start_ns=0,
            generator=Generator(Origin("d", 1, "p-0"), 0, seed=1),
            gatherer=Collector(LINGER_NS),
            retrier=Retrier(self.policy, lambda: 0.5),
            ledger=Ledger(),
            latencies=Latencies(Histogram(self.from_due), Histogram(self.from_send)),
            concurrency=Fixed(self.max_in_flight),
            max_unsent=self.max_unsent,
            save=self._save,
            dispatch=self.in_flight.append,
        )

    def _save(self, ledger: Ledger) -> None:
        self.saved = Ledger() + ledger

    def step(self, ns: int = STEP_NS, *, generate: bool = True) -> None:
        self.now_ns += ns
        self.pipeline.step(self.now_ns, generate=generate)

    def answer(self, cause: Cause | None = None, *, every: int = 1) -> None:
        """Answer the oldest request: each `every`-th record is refused for `cause`."""
        batch = self.in_flight.pop(0)
        fates = [cause if n % every == 0 else None for n in range(batch.records)]
        for item, refused in zip(batch.items, fates, strict=True):
            if refused is None:
                self.taken[json.loads(item.data)["sequence"]] += 1
        outcome = Outcome(fates if any(fates) else ())
        self.pipeline.settle(batch, outcome, self.now_ns - LATENCY_NS, self.now_ns)

    def run(self, ns: int, cause: Cause | None = None) -> None:
        for _ in range(ns // STEP_NS):
            self.step()
            while self.in_flight:
                self.answer(cause)

    def drain(self, ns: int = 60 * NS) -> None:
        for _ in range(ns // STEP_NS):
            if self.pipeline.drained:
                return
            self.step(generate=False)
            while self.in_flight:
                self.answer()


def test_what_is_due_is_made_sent_and_counted() -> None:
    stream = Stream()
    stream.run(NS)
    stream.drain()
    books = stream.pipeline.ledger
    assert (books.generated, books.delivered, books.failed) == (1000, 1000, 0)
    assert stream.taken == Counter(range(1000))


def test_both_latencies_are_counted_for_every_record() -> None:
    stream = Stream()
    stream.run(NS)
    stream.drain()
    due, send = Distribution(stream.from_due), Distribution(stream.from_send)
    assert sum(count for _, count in due.buckets()) == 1000
    assert sum(count for _, count in send.buckets()) == 1000
    assert send.percentile_ms(50) == pytest.approx(3.0, rel=0.06)
    assert send.max_ms == 3.0
    assert 0 < (due.percentile_ms(50) or 0) <= LINGER_NS / 1e6
    assert LINGER_NS / 1e6 * 0.9 <= due.max_ms <= LINGER_NS / 1e6 + 10


def test_records_linger_for_company() -> None:
    stream = Stream()
    stream.run(NS // 2)
    assert stream.pipeline.ledger.delivered >= 400
    stream.step()
    assert all(batch.records > 1 for batch in stream.in_flight)


def test_the_linger_counts_from_when_a_record_was_due_not_from_the_step() -> None:
    stream = Stream(rate=Fraction(100))
    stream.step(LINGER_NS - STEP_NS)
    assert not stream.in_flight
    stream.step()
    stream.step(3 * STEP_NS)
    assert [batch.records for batch in stream.in_flight] == [6]


def test_requests_grow_while_answers_are_slow() -> None:
    stream = Stream(max_in_flight=1)
    for _ in range(NS // STEP_NS):
        stream.step()
    stream.answer()
    stream.step()
    assert stream.in_flight[0].records == 500


def test_only_the_refused_entries_are_sent_again() -> None:
    stream = Stream()
    while not stream.in_flight:
        stream.step()
    sent = stream.in_flight[0].records
    stream.answer(Cause.THROTTLED, every=10)
    stream.drain()
    refused = -(-sent // 10)
    assert stream.pipeline.ledger.throttled == refused
    assert stream.pipeline.ledger.retried == refused
    assert set(stream.taken.values()) == {1}


def test_throttling_does_not_slow_the_generator() -> None:
    stream = Stream()
    stream.run(5 * NS, Cause.THROTTLED)
    assert stream.pipeline.ledger.generated == 5000


def test_retries_do_not_hold_the_generator_up() -> None:
    stream = Stream(max_in_flight=20)
    for n in range(20 * NS // STEP_NS):
        stream.step()
        while stream.in_flight and n % 40 == 0:
            stream.answer(Cause.THROTTLED)
    assert stream.pipeline.ledger.generated == 20_000


def test_a_sender_that_hangs_holds_the_generator_up_within_its_bound() -> None:
    stream = Stream(max_in_flight=2, max_unsent=300)
    for _ in range(10 * NS // STEP_NS):
        stream.step()
    in_requests = sum(batch.records for batch in stream.in_flight)
    assert len(stream.in_flight) == 2
    assert stream.pipeline.ledger.generated <= in_requests + 300


def test_a_stream_that_refuses_everything_fails_every_record_with_the_cause() -> None:
    stream = Stream(policy=RetryPolicy(ttl_ns=2 * NS, max_records=500))
    stream.run(10 * NS, Cause.INTERNAL_FAILURE)
    books = stream.pipeline.ledger
    assert books.pending <= 500 + 2000
    assert books.failed_by_cause[Cause.INTERNAL_FAILURE] == books.failed > 7000
    assert books.delivered == 0


def test_the_ledger_is_saved_before_a_record_can_leave() -> None:
    stream = Stream()
    for _ in range(100):
        stream.step()
        out = sum(batch.records for batch in stream.in_flight)
        assert stream.saved.generated >= out + stream.saved.delivered


def test_giving_up_leaves_nothing_pending_and_names_the_cause() -> None:
    stream = Stream()
    for _ in range(50):
        stream.step()
    pending = stream.pipeline.ledger.pending
    stream.pipeline.give_up()
    assert stream.pipeline.drained
    assert stream.saved.failed_by_cause[Cause.DRAIN_TIMEOUT] == pending > 0


actions = st.one_of(
    st.tuples(st.just("step"), st.integers(0, NS)),
    st.tuples(st.just("answer"), st.sampled_from([None, *Cause]), st.integers(1, 5)),
)


@settings(max_examples=60)
@given(st.fractions(1, 2000, max_denominator=10), st.lists(actions, max_size=40))
def test_generated_is_delivered_failed_and_pending_whatever_happens(
    rate: Fraction, script: list[tuple[object, ...]]
) -> None:
    stream = Stream(rate=rate, policy=RetryPolicy(ttl_ns=NS, max_records=200))
    for action in script:
        if action[0] == "step":
            stream.step(int(str(action[1])))
        elif stream.in_flight:
            cause = action[1]
            assert cause is None or isinstance(cause, Cause)
            stream.answer(cause, every=int(str(action[2])))
        books = stream.pipeline.ledger
        assert books.delivered == sum(stream.taken.values())
        assert books.pending >= sum(batch.records for batch in stream.in_flight)
    while stream.in_flight:
        stream.answer()
    stream.drain()
    books = stream.pipeline.ledger
    assert books.generated == books.delivered + books.failed
    assert stream.taken.keys() <= set(range(books.generated))
    assert set(stream.taken.values()) <= {1}
