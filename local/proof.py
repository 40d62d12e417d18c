"""Compares what the producers say they made with what is in the stream. Pure.

Every producer numbers its records 0, 1, 2, … and its ledger says how many it made. So for each
producer the set that ought to be there is known, and each record found is the first of its number,
a repetition of it, or foreign: of no known producer, or with a number that was never given out.

Records that had left the stream before they were read leave it open what is missing. Then nothing
is said of losses and repetitions: a proof that can't tell says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from local.numbers import Numbers
from local.reader import Found, Gone, Unreadable


@dataclass
class Tally:
    """What was found in the stream of one demo. Grows by a bit a record."""

    demo_id: str
    numbers: dict[str, Numbers] = field(default_factory=dict)
    """The sequence numbers found, by producer."""
    repeated: Counter[str] = field(default_factory=Counter)
    """How many records repeat a number, by producer."""
    arrivals: dict[int, dict[str, Counter[int]]] = field(default_factory=dict)
    """By phase and producer: how many records arrived in each millisecond."""
    unreadable: int = 0
    other_demos: Counter[str] = field(default_factory=Counter)
    unseen: int = 0
    """Records, of whatever demo, that left the stream before they were read."""

    def add(self, found: Found) -> None:
        if isinstance(found, Gone):
            self.unseen += found.records
            return
        if isinstance(found, Unreadable):
            self.unreadable += 1
            return
        if found.demo_id != self.demo_id:
            self.other_demos[found.demo_id] += 1
            return
        numbers = self.numbers.setdefault(found.producer, Numbers())
        if not numbers.add(found.sequence):
            self.repeated[found.producer] += 1
            return
        producers = self.arrivals.setdefault(found.phase, {})
        producers.setdefault(found.producer, Counter())[found.arrived_ms] += 1


@dataclass(frozen=True)
class Proof:
    """generated = delivered + lost, by the stream itself."""

    generated: int
    delivered: int
    """Different records of this demo that were found in the stream."""
    lost: int | None
    """None if it can't be told, here and below: records had gone before they were read."""
    duplicates: int | None
    foreign: int
    lost_by_producer: dict[str, int]
    """Empty if it can't be told."""
    unseen: int = 0
    """Records that had gone."""


def prove(generated: Mapping[str, int], tally: Tally) -> Proof:
    """Hold the producers' counts (`generated`, by producer) against the tally of the stream."""
    found = {
        producer: numbers.below(made) if (numbers := tally.numbers.get(producer)) else 0
        for producer, made in generated.items()
    }
    in_stream = sum(len(numbers) for numbers in tally.numbers.values())
    missing = {name: made - found[name] for name, made in generated.items() if made != found[name]}
    delivered = sum(found.values())
    told = not tally.unseen
    return Proof(
        generated=sum(generated.values()),
        delivered=delivered,
        lost=sum(missing.values()) if told else None,
        duplicates=tally.repeated.total() if told else None,
        foreign=tally.unreadable + in_stream - delivered,
        lost_by_producer=missing if told else {},
        unseen=tally.unseen,
    )


def tally_stream(demo_id: str, records: Iterable[Found]) -> Tally:
    """Return the tally of one demo over all records of a stream."""
    tally = Tally(demo_id)
    for record in records:
        tally.add(record)
    return tally
