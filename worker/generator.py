"""Makes social media posts: every one differs, all are valid JSON of 300 to 600 bytes.

Building a dict and encoding it would cost ten times more than the post is worth, so a post is put
together from pools of fragments that are encoded to JSON once, when the producer starts: who, what
and where. The number, the time and the score are new in each. A post carries its demo, phase,
producer and sequence number (from 0, without gaps), so that a reader of the stream can prove that
none is missing.

The mix of post types follows the phase: conversation at the baseline, news and reposts when
traffic spikes, replies at the peak.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from worker.record import Record

NS = 1_000_000_000

_POOL = 1024
_SCORES = 1 << 16

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
_CLOSINGS = ("– more soon ✨", "🚀🚀🚀", "what do you think?", "(photo follows)", "¡vamos!", "…")


@dataclass(frozen=True)
class Origin:
    """Where a producer's posts come from; part of every post."""

    demo_id: str
    phase: int
    producer: str


class Generator:
    """A producer's endless supply of posts. The same origin and seed give the same posts."""

    def __init__(self, origin: Origin, epoch_ns: int, seed: int, first_sequence: int = 0) -> None:
        """`epoch_ns`: what to add to a monotonic time to get the Unix time, nanoseconds."""
        chance = random.Random(seed)  # noqa: S311 (sample data, not secrets)
        self._bits = chance.getrandbits
        self._epoch_ns = epoch_ns
        self._sequence = first_sequence
        self._users = _users(chance)
        self._contents = _contents(chance, origin.phase)
        self._places = [json.dumps(place, ensure_ascii=False) for place in _PLACES]
        self._tail = (
            f',"demo_id":{json.dumps(origin.demo_id)},"phase":{origin.phase}'
            f',"producer":{json.dumps(origin.producer)},"sequence":'
        )
        self._id = f'{{"id":"{origin.producer}-'
        self._second = -1
        self._clock = ""

    def post(self, due_ns: int) -> Record:
        """Return the next post, stamped with the monotonic time at which it was due."""
        sequence = self._sequence
        self._sequence = sequence + 1
        bits = self._bits(48)
        key, user = self._users[bits % _POOL]
        content = self._contents[(bits >> 10) % _POOL]
        place = self._places[(bits >> 20) % len(self._places)]
        second, rest = divmod(due_ns + self._epoch_ns, NS)
        if second != self._second:
            self._second = second
            self._clock = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        score = (bits >> 32) * 100 // _SCORES
        text = (
            f'{self._id}{sequence}","timestamp":"{self._clock}.{rest // 1000:06d}Z"'
            f',{user},{content},"location":{place},"engagement_score":{score}'
            f"{self._tail}{sequence}}}"
        )
        return Record(text.encode(), key, due_ns)


def _users(chance: random.Random) -> list[tuple[str, str]]:
    """Partition key and encoded fields of each user; ids are unique, so keys spread evenly."""
    users = []
    for number in range(_POOL):
        name = f"{chance.choice(_NAMES)}{chance.randrange(1000)}"
        fields = {"user_id": f"user-{number:05d}", "username": name}
        users.append((fields["user_id"], _fields(fields)))
    return users


def _contents(chance: random.Random, phase: int) -> list[str]:
    kinds = chance.choices(_TYPES, weights=_MIX_BY_PHASE[phase], k=_POOL)
    return [_content(chance, kind) for kind in kinds]


def _content(chance: random.Random, kind: str) -> str:
    tags = chance.sample(_TAGS, chance.randint(1, 3))
    mentions = chance.sample(_NAMES, chance.randint(0, 2) if kind != "reply" else 1)
    words = [chance.choice(_OPENINGS[kind]), chance.choice(_CLOSINGS)]
    text = " ".join([*(f"@{name}" for name in mentions), *words, *(f"#{tag}" for tag in tags)])
    return _fields({"content": text, "hashtags": tags, "mentions": mentions, "post_type": kind})


def _fields(fields: Mapping[str, object]) -> str:
    """The fields as they stand inside a JSON object, without its braces."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))[1:-1]
