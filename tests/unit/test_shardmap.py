"""The shard map is a partition of the hash keys, and finds what Kinesis would find."""

from __future__ import annotations

from hashlib import md5
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.shardmap import MAX_HASH_KEY, BrokenShardMap, Shard, ShardMap, read_shard_map

hash_keys = st.integers(0, MAX_HASH_KEY)
maps = st.sets(st.integers(1, MAX_HASH_KEY), max_size=20).map(
    lambda cuts: shards_cut_at(*sorted(cuts))
)


def shards_cut_at(*cuts: int) -> tuple[Shard, ...]:
    """Shards that start at 0 and at each of the cuts."""
    starts, ends = (0, *cuts), (*(cut - 1 for cut in cuts), MAX_HASH_KEY)
    return tuple(
        Shard(f"shardId-{number:012d}", start, end)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    )


class Pages:
    """A Kinesis that answers ListShards with prepared pages, and notes how it was asked."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self._pages = pages
        self.asked: list[dict[str, Any]] = []

    def list_shards(self, **parameters: Any) -> dict[str, Any]:
        self.asked.append(parameters)
        number = int(parameters.get("NextToken", 0))
        more = {"NextToken": str(number + 1)} if number + 1 < len(self._pages) else {}
        return {"Shards": list(self._pages[number]), **more}


def listed(shard: Shard, *, closed: bool = False) -> dict[str, Any]:
    """The shard as ListShards shows it."""
    return {
        "ShardId": shard.shard_id,
        "HashKeyRange": {
            "StartingHashKey": str(shard.starting_hash_key),
            "EndingHashKey": str(shard.ending_hash_key),
        },
        "SequenceNumberRange": {
            "StartingSequenceNumber": "1",
            **({"EndingSequenceNumber": "2"} if closed else {}),
        },
    }


@given(maps, hash_keys)
def test_every_hash_key_has_the_shard_whose_range_holds_it(
    shards: tuple[Shard, ...], hash_key: int
) -> None:
    shard = ShardMap(shards).shard_at(hash_key)
    assert shard.starting_hash_key <= hash_key <= shard.ending_hash_key


@given(maps)
def test_the_ends_of_a_range_and_its_explicit_hash_key_belong_to_its_shard(
    shards: tuple[Shard, ...],
) -> None:
    shard_map = ShardMap(shards)
    for shard in shards:
        inside = (shard.starting_hash_key, int(shard.hash_key), shard.ending_hash_key)
        assert [shard_map.shard_at(hash_key) for hash_key in inside] == [shard] * 3


@given(maps, st.text())
def test_a_partition_key_belongs_where_its_md5_does(shards: tuple[Shard, ...], key: str) -> None:
    shard_map = ShardMap(shards)
    hash_key = int(md5(key.encode("utf-8"), usedforsecurity=False).hexdigest(), 16)
    assert shard_map.shard_of(key) == shard_map.shard_at(hash_key)


@given(maps, st.randoms())
def test_the_order_in_which_shards_are_listed_does_not_matter(
    shards: tuple[Shard, ...], chance: Any
) -> None:
    mixed = list(shards)
    chance.shuffle(mixed)
    assert ShardMap(tuple(mixed)) == ShardMap(shards)


def test_what_is_sent_to_a_shard_lands_on_its_second_half_once_it_is_split() -> None:
    whole = shards_cut_at()[0]
    first, second = ShardMap(shards_cut_at(2**127)).shards
    assert ShardMap((first, second)).shard_at(int(whole.hash_key)) == second


def test_no_shard_at_all_is_refused() -> None:
    with pytest.raises(BrokenShardMap, match=f"no shard holds hash keys 0 to {MAX_HASH_KEY}"):
        ShardMap(())


def test_every_gap_and_overlap_is_named() -> None:
    shards = (
        Shard("a", 1, 99),
        Shard("b", 50, 199),
        Shard("c", 60, 70),
        Shard("d", 300, MAX_HASH_KEY - 1),
    )
    with pytest.raises(BrokenShardMap) as error:
        ShardMap(shards)
    assert str(error.value).split("; ") == [
        "no shard holds hash keys 0 to 0",
        "a and b both hold hash keys 50 to 99",
        "b and c both hold hash keys 60 to 70",
        "no shard holds hash keys 200 to 299",
        f"no shard holds hash keys {MAX_HASH_KEY} to {MAX_HASH_KEY}",
    ]


@given(maps.filter(lambda shards: len(shards) > 1), st.data())
def test_a_missing_shard_is_a_gap_and_a_doubled_one_an_overlap(
    shards: tuple[Shard, ...], data: st.DataObject
) -> None:
    victim = data.draw(st.sampled_from(shards))
    around = f"{victim.starting_hash_key} to {victim.ending_hash_key}"
    with pytest.raises(BrokenShardMap, match=f"no shard holds hash keys {around}"):
        ShardMap(tuple(shard for shard in shards if shard is not victim))
    twin = Shard("twin", victim.starting_hash_key, victim.ending_hash_key)
    with pytest.raises(BrokenShardMap, match=f"both hold hash keys {around}"):
        ShardMap((*shards, twin))


def test_all_pages_are_read_and_closed_shards_left_out() -> None:
    parent = shards_cut_at()[0]
    first, second = shards_cut_at(2**100)
    client: Any = Pages([listed(parent, closed=True), listed(second)], [], [listed(first)])
    assert read_shard_map(client, "posts").shards == (first, second)
    assert client.asked == [
        {"StreamName": "posts", "ShardFilter": {"Type": "AT_LATEST"}},
        # Kinesis refuses a token together with the stream's name.
        {"NextToken": "1"},
        {"NextToken": "2"},
    ]


def test_a_reshard_caught_halfway_is_an_error() -> None:
    first, second = shards_cut_at(2**100)
    client: Any = Pages([listed(first), listed(second, closed=True)])
    with pytest.raises(BrokenShardMap, match=f"no shard holds hash keys {2**100} to"):
        read_shard_map(client, "posts")
