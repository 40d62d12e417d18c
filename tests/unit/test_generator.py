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


def generator(phase: int = 1, seed: int = 7, first: int = 0) -> Generator:
    origin = Origin("demo-20261125-071500-ab12", phase, "0a1b2c3d-0")
    return Generator(origin, EPOCH_NS, seed, first)


@pytest.mark.parametrize("phase", [1, 2, 3, 4])
def test_posts_are_json_of_300_to_600_bytes_with_every_field(phase: int) -> None:
    make = generator(phase)
    for number in range(2000):
        record = make.post(number * 1_000_000)
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
        make = generator(seed=seed)
        return [make.post(n).data for n in range(100)]

    assert posts(1) == posts(1)
    assert posts(1) != posts(2)
    assert len(set(posts(1))) == 100


@given(st.integers(0, 10**15))
def test_the_timestamp_is_the_moment_the_post_was_due(due_ns: int) -> None:
    post = json.loads(generator().post(due_ns).data)
    stamped = datetime.fromisoformat(post["timestamp"])
    assert abs(stamped.timestamp() - (EPOCH_NS + due_ns) / 1e9) < 1e-3


def test_a_successor_carries_on_from_its_predecessors_number() -> None:
    assert json.loads(generator(first=41).post(0).data)["sequence"] == 41


def test_the_mix_of_post_types_follows_the_phase() -> None:
    def kinds(phase: int) -> Counter[str]:
        make = generator(phase)
        return Counter(json.loads(make.post(n).data)["post_type"] for n in range(3000))

    assert kinds(1).most_common(1)[0][0] == "original"
    assert kinds(3).most_common(1)[0][0] == "repost"


def test_keys_spread_over_many_users_and_texts_hold_more_than_ascii() -> None:
    make = generator()
    records = [make.post(n) for n in range(5000)]
    assert len({record.partition_key for record in records}) > 900
    assert any(not record.data.isascii() for record in records)
