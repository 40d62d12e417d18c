"""Makes social media posts: every one differs, all are valid JSON of 300 to 600 bytes.

Building a dict and encoding it would cost ten times more than the post is worth, so a post is put
together from pools of fragments that are encoded to JSON once, when the producer starts: who, what,
and where with what score. The number and the time are new in each. A post carries its demo, phase,
producer and sequence number (from 0, without gaps), so that a reader of the stream can prove that
none is missing.

The mix of post types follows the phase: conversation at the baseline, news and reposts when
traffic spikes, replies at the peak.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from struct import unpack

from worker.record import Record

NS = 1_000_000_000

DEFAULT_SIZE = 400
"""Bytes; the kind of post that the demo is about has 300 to 600."""

_POOL = 1024
"""Fragments in a pool; a power of 2, so that random bits are a place in it."""
_SCORES = 100
_TERSE = 140
"""Bytes of content up to which there is no room for a sentence."""

_TYPES = ("original", "repost", "reply", "news")
_MIX_BY_PHASE = {
    1: (60, 15, 20, 5),
    2: (25, 40, 15, 20),
    3: (15, 45, 30, 10),
    4: (50, 15, 30, 5),
}
_NAMES = (
    *("ana", "björn", "chidi", "dmitri", "elif", "fátima", "göran", "hana", "ines", "jürgen"),
    *("kofi", "leïla", "mei", "nguyễn", "olu", "paweł", "quinn", "rania", "søren", "yuki"),
)
_PLACES = (
    *("São Paulo", "Zürich", "東京", "Lagos", "Kraków", "Montréal", "Αθήνα", "Mumbai"),
    *("Seattle", "Reykjavík", "Nairobi", "Łódź", "Bogotá", "서울", "Dublin", "Kyiv"),
)
_TAGS = ("kinesis", "launch", "goal", "breaking", "música", "worldcup", "streaming", "café")
_OPENINGS = {
    "original": ("Can't believe what I just saw", "Morning walk, then a long day of work"),
    "repost": ("Reposting this because everyone should read it", "This. Exactly this, every word"),
    "reply": ("I think you're right, but look at the numbers again", "Same here! It took hours"),
    "news": ("Just in: traffic doubles within minutes", "Officials confirm what was reported"),
}
_REMARKS = (
    *("– more soon ✨", "🚀🚀🚀", "what do you think?", "(photo follows)", "¡vamos!", "…"),
    *("you had to be there", "thread below", "full story at eight", "no comment", "wow", "と思う"),
)


@dataclass(frozen=True)
class Origin:
    """Where a producer's posts come from; part of every post."""

    demo_id: str
    phase: int
    producer: str


class Generator:
    """A producer's endless supply of posts. The same origin and seed give the same posts."""

    def __init__(
        self,
        origin: Origin,
        epoch_ns: int,
        seed: int,
        first_sequence: int = 0,
        size: int = DEFAULT_SIZE,
    ) -> None:
        """`epoch_ns`: what to add to a monotonic time to get the Unix time, nanoseconds.

        `size`: about how long a post is to be, bytes.
        """
        chance = random.Random(seed)  # noqa: S311 # nosec B311 # sample data, no secrets
        self._bits = chance.getrandbits
        self._epoch_ns = epoch_ns
        self._sequence = first_sequence
        self._id = f'{{"id":"{origin.producer}-'.encode()
        self._users = _users(chance)
        self._places = chance.choices(_places(origin), k=_POOL)
        self._contents = _contents(chance, origin.phase, size - self._length_without_content())

    def posts(self, dues_ns: Sequence[int]) -> list[Record]:
        """Return the next posts, stamped with the monotonic times at which they were due."""
        number = len(dues_ns)
        head, new, epoch_ns, join = self._id, tuple.__new__, self._epoch_ns, b"".join
        millisecond, clock = -1, b""
        records = []
        numbers = range(self._sequence, self._sequence + number)
        for due_ns, sequence, (key, user), content, place in zip(
            dues_ns, numbers, *self._choices(number), strict=True
        ):
            its_millisecond = (due_ns + epoch_ns) // 1_000_000
            if its_millisecond != millisecond:
                millisecond, clock = its_millisecond, _clock(its_millisecond)
            count = b"%d" % sequence
            data = join((head, count, clock, user, content, place, count, b"}"))
            records.append(new(Record, (data, key, due_ns, 0)))
        self._sequence += number
        return records

    def _choices(
        self, number: int
    ) -> tuple[Iterator[tuple[str, bytes]], Iterator[bytes], Iterator[bytes]]:
        """Choose that often from each pool, without a step of Python's for each."""
        mask = int.from_bytes((_POOL - 1).to_bytes(2, "little") * (4 * number), "little")
        bits = self._bits(64 * number) & mask
        places = unpack(f"<{4 * number}H", bits.to_bytes(8 * number, "little"))
        return (
            map(self._users.__getitem__, places[0::4]),
            map(self._contents.__getitem__, places[1::4]),
            map(self._places.__getitem__, places[2::4]),
        )

    def _length_without_content(self) -> int:
        fixed = len(self._id) + len(_clock(0)) + len("}") + 2 * len("1000")
        return fixed + len(self._users[0][1]) + len(self._places[0])


def _clock(millisecond: int) -> bytes:
    """The timestamp that a millisecond's posts have in common, and what stands around it."""
    second, millis = divmod(millisecond, 1000)
    return b'","timestamp":"%b.%03dZ",' % (iso_second(second), millis)


@lru_cache(maxsize=4)
def iso_second(second: int) -> bytes:
    """A second of Unix time in ISO 8601, UTC, up to its fraction."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def _users(chance: random.Random) -> list[tuple[str, bytes]]:
    """Partition key and encoded fields of each user; ids are unique, so keys spread evenly."""
    users = []
    for number in range(_POOL):
        name = f"{chance.choice(_NAMES)}{chance.randrange(1000)}"
        fields = {"user_id": f"user-{number:05d}", "username": name}
        users.append((fields["user_id"], _fields(fields) + b","))
    return users


def _places(origin: Origin) -> list[bytes]:
    """Every place with every score, and the origin that closes the post but for its number."""
    whose = {"demo_id": origin.demo_id, "phase": origin.phase, "producer": origin.producer}
    return [
        b"," + _fields({"location": place, "engagement_score": score, **whose}) + b',"sequence":'
        for place in _PLACES
        for score in range(_SCORES)
    ]


def _contents(chance: random.Random, phase: int, size: int) -> list[bytes]:
    kinds = chance.choices(_TYPES, weights=_MIX_BY_PHASE[phase], k=_POOL)
    return [_content(chance, kind, size) for kind in kinds]


def _content(chance: random.Random, kind: str, size: int) -> bytes:
    """What is said: little if `size` is small, lengthened by remarks if it is large, bytes."""
    most = 3 if size > _TERSE else 1
    tags = chance.sample(_TAGS, chance.randint(1, most))
    mentions = chance.sample(_NAMES, 1 if kind == "reply" else chance.randint(0, most - 1))
    words = [f"@{name}" for name in mentions]
    if size > _TERSE:
        words.append(chance.choice(_OPENINGS[kind]))
    while True:
        text = " ".join([*words, *(f"#{tag}" for tag in tags)])
        said = {"content": text, "hashtags": tags, "mentions": mentions, "post_type": kind}
        fields = _fields(said)
        remark = chance.choice(_REMARKS)
        if len(fields) + len(remark.encode()) / 2 >= size:
            return fields
        words.append(remark)


def _fields(fields: Mapping[str, object]) -> bytes:
    """The fields as they stand inside a JSON object, without its braces."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))[1:-1].encode()
