"""Posts are valid, different, of the promised size, and numbered without gaps."""

import json
from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.generator import Generator, Origin

EPOCH_NS = 1_790_000_000_000_000_000
FIELDS = {
    *("id", "timestamp", "user_id", "username", "content", "hashtags", "mentions", "post_type"),
    *("location", "engagement_score", "demo_id", "phase", "producer", "sequence"),
}


def generator(phase: int = 1, seed: int = 7, first: int = 0, size: int = 400) -> Generator:
    origin = Origin("demo-20261125-071500-ab12", phase, "0a1b2c3d-0")
    return Generator(origin, EPOCH_NS, seed, first, size)


@pytest.mark.parametrize("phase", [1, 2, 3, 4])
def test_posts_are_json_of_300_to_600_bytes_with_every_field(phase: int) -> None:
    dues = range(0, 2_000_000_000, 1_000_000)
    for number, record in enumerate(generator(phase).posts(dues)):
        assert record.due_ns == dues[number]
        post = json.loads(record.data)
        assert 300 <= len(record.data) <= 600
        assert post.keys() == FIELDS
        assert (post["sequence"], post["phase"]) == (number, phase)
        assert record.partition_key == post["user_id"]
        assert 0 <= post["engagement_score"] < 100
        assert all(f"#{tag}" in post["content"] for tag in post["hashtags"])
        assert all(f"@{name}" in post["content"] for name in post["mentions"])


def test_the_same_seed_gives_the_same_posts_and_another_seed_others() -> None:
    def posts(seed: int) -> list[bytes]:
        return [record.data for record in generator(seed=seed).posts(range(100))]

    assert posts(1) == posts(1)
    assert posts(1) != posts(2)
    assert len(set(posts(1))) == 100


@given(st.integers(0, 10**15))
def test_the_timestamp_is_the_moment_the_post_was_due(due_ns: int) -> None:
    post = json.loads(generator().posts([due_ns])[0].data)
    stamped = datetime.fromisoformat(post["timestamp"])
    assert abs(stamped.timestamp() - (EPOCH_NS + due_ns) / 1e9) < 1e-3


def test_a_successor_carries_on_from_its_predecessors_number() -> None:
    made = [json.loads(record.data)["sequence"] for record in generator(first=41).posts([0, 0])]
    assert made == [41, 42]


def test_numbers_go_on_from_one_call_to_the_next() -> None:
    make = generator()
    made = [json.loads(r.data)["sequence"] for n in (1, 3, 0, 2) for r in make.posts([5] * n)]
    assert made == list(range(6))


@pytest.mark.parametrize("size", [400, 500, 600])
def test_posts_are_about_as_long_as_asked_for(size: int) -> None:
    lengths = [len(record.data) for record in generator(size=size).posts(range(1000))]
    assert sum(lengths) / len(lengths) == pytest.approx(size, rel=0.03)


def test_the_mix_of_post_types_follows_the_phase() -> None:
    def kinds(phase: int) -> Counter[str]:
        made = generator(phase).posts(range(3000))
        return Counter(json.loads(record.data)["post_type"] for record in made)

    assert kinds(1).most_common(1)[0][0] == "original"
    assert kinds(3).most_common(1)[0][0] == "repost"


def test_keys_spread_over_many_users_and_texts_hold_more_than_ascii() -> None:
    records = generator().posts(range(5000))
    assert len({record.partition_key for record in records}) > 900
    assert any(not record.data.isascii() for record in records)
