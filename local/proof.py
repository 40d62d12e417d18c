"""Compares what the producers say they made with what is in the stream. Pure.

Every producer numbers its records 0, 1, 2, … and its ledger says how many it made. So for each
producer the set that ought to be there is known, and each record found is the first of its number,
a repetition of it, or foreign: of no known producer, or with a number that was never given out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from local.reader import Post, Unreadable


@dataclass
class Tally:
    """What was found in the stream of one demo. Grows by one set of numbers a producer."""

    demo_id: str
    numbers: dict[str, set[int]] = field(default_factory=dict)
    """The sequence numbers found, by producer."""
    repeated: Counter[str] = field(default_factory=Counter)
    """How many records repeat a number, by producer."""
    arrivals: dict[int, dict[str, Counter[int]]] = field(default_factory=dict)
    """By phase and producer: how many records arrived in each millisecond."""
    unreadable: int = 0
    other_demos: Counter[str] = field(default_factory=Counter)

    def add(self, found: Post | Unreadable) -> None:
        if isinstance(found, Unreadable):
            self.unreadable += 1
            return
        if found.demo_id != self.demo_id:
            self.other_demos[found.demo_id] += 1
            return
        numbers = self.numbers.setdefault(found.producer, set())
        if found.sequence in numbers:
            self.repeated[found.producer] += 1
            return
        numbers.add(found.sequence)
        producers = self.arrivals.setdefault(found.phase, {})
        producers.setdefault(found.producer, Counter())[found.arrived_ms] += 1


@dataclass(frozen=True)
class Proof:
    """generated = delivered + lost, by the stream itself."""

    generated: int
    delivered: int
    """Different records of this demo that are in the stream."""
    lost: int
    duplicates: int
    foreign: int
    lost_by_producer: dict[str, int]


def prove(generated: Mapping[str, int], tally: Tally) -> Proof:
    """Hold the producers' counts (`generated`, by producer) against the tally of the stream."""
    found = {
        producer: sum(1 for number in tally.numbers.get(producer, ()) if 0 <= number < made)
        for producer, made in generated.items()
    }
    in_stream = sum(len(numbers) for numbers in tally.numbers.values())
    lost = {name: made - found[name] for name, made in generated.items() if made != found[name]}
    delivered = sum(found.values())
    return Proof(
        generated=sum(generated.values()),
        delivered=delivered,
        lost=sum(lost.values()),
        duplicates=tally.repeated.total(),
        foreign=tally.unreadable + in_stream - delivered,
        lost_by_producer=lost,
    )


def tally_stream(demo_id: str, records: Iterable[Post | Unreadable]) -> Tally:
    """Return the tally of one demo over all records of a stream."""
    tally = Tally(demo_id)
    for record in records:
        tally.add(record)
    return tally
