"""With aggregation a surprise about a shard has the map read again; without, there is none."""

from worker.collector import Batch, FlushReason
from worker.encoding import Outcome
from worker.gatherers import LINGER_NS, REMAP_PAUSE_NS, Aggregated, Plain
from worker.record import Entry, Record, records_of
from worker.shardmap import MAX_HASH_KEY, Shard, ShardMap

HALF = (MAX_HASH_KEY + 1) // 2
TWO = ShardMap((Shard("shard-0", 0, HALF - 1), Shard("shard-1", HALF, MAX_HASH_KEY)))
THREE = ShardMap(
    (
        Shard("shard-1", HALF, MAX_HASH_KEY),
        Shard("shard-2", 0, HALF // 2 - 1),
        Shard("shard-3", HALF // 2, HALF - 1),
    )
)


def records(number: int) -> list[Record]:
    return [Record(b"x" * 100, f"user-{n}", 0) for n in range(number)]


def sent(gathering: Aggregated, number: int = 200) -> Batch:
    gathering.gatherer.add(records(number), 0)
    (batch,) = gathering.gatherer.drain()
    return batch


def landed(batch: Batch, shards: ShardMap) -> Outcome:
    """The answer of a stream with these shards."""
    return Outcome((), [_shard_id(item, shards) for item in batch.items])


def _shard_id(item: object, shards: ShardMap) -> str:
    assert isinstance(item, Entry)
    assert item.explicit_hash_key is not None
    return shards.shard_at(int(item.explicit_hash_key)).shard_id


def test_a_request_carries_an_aggregate_for_each_shard_and_all_records() -> None:
    batch = sent(Aggregated(TWO, lambda: TWO))
    assert len(batch.items) == 2
    assert batch.records == 200
    carried = [record for item in batch.items for record in records_of(item)]
    assert sorted(carried) == sorted(records(200))


def test_what_lingers_goes_in_one_request() -> None:
    gathering = Aggregated(TWO, lambda: TWO)
    gathering.gatherer.add(records(50), 7)
    assert gathering.gatherer.deadline_ns == 7 + LINGER_NS
    assert gathering.gatherer.overdue(6 + LINGER_NS) == []
    (batch,) = gathering.gatherer.overdue(7 + LINGER_NS)
    assert (batch.records, batch.reason) == (50, FlushReason.DRAIN)
    assert gathering.gatherer.deadline_ns is None


def test_an_answer_from_the_expected_shards_changes_nothing() -> None:
    gathering = Aggregated(TWO, lambda: THREE)
    batch = sent(gathering)
    assert gathering.surprised(batch, landed(batch, TWO), 0) is None


def sent_after_a_look(gathering: Aggregated, batch: Batch) -> Batch:
    """The next batch, when it was seen from this one that the stream was resharded."""
    look = gathering.surprised(batch, landed(batch, THREE), 0)
    assert look is not None
    gathering.gatherer.add(records(200), 0)
    look()()
    (after,) = gathering.gatherer.drain()
    return after


def test_after_a_reshard_the_map_is_read_again_and_gone_by() -> None:
    gathering = Aggregated(TWO, lambda: THREE)
    batch = sent(gathering)
    batch = sent_after_a_look(gathering, batch)
    assert len(batch.items) == 3
    assert batch.records == 200
    assert gathering.surprised(batch, landed(batch, THREE), REMAP_PAUSE_NS) is None
    for item in batch.items:
        shard_id = _shard_id(item, THREE)
        keys = {record.partition_key for record in records_of(item)}
        assert {THREE.shard_of(key).shard_id for key in keys} == {shard_id}


def test_a_map_that_cannot_be_read_leaves_the_old_one_and_is_asked_for_again() -> None:
    gathering = Aggregated(TWO, lambda: None)
    batch = sent(gathering)
    batch = sent_after_a_look(gathering, batch)
    assert (len(batch.items), batch.records) == (2, 200)
    assert gathering.surprised(batch, landed(batch, THREE), REMAP_PAUSE_NS) is not None


def test_the_map_is_not_read_more_often_than_every_few_seconds() -> None:
    gathering = Aggregated(TWO, lambda: TWO)
    batch = sent(gathering)
    astray = landed(batch, THREE)
    assert gathering.surprised(batch, astray, 0) is not None
    assert gathering.surprised(batch, astray, REMAP_PAUSE_NS - 1) is None
    assert gathering.surprised(batch, astray, REMAP_PAUSE_NS) is not None


def test_a_refused_entry_says_nothing_about_shards() -> None:
    gathering = Aggregated(TWO, lambda: THREE)
    batch = sent(gathering)
    assert gathering.surprised(batch, Outcome((), [None] * len(batch.items)), 0) is None


def test_without_aggregation_there_is_nothing_to_keep_right() -> None:
    plain = Plain()
    plain.gatherer.add(records(3), 0)
    (batch,) = plain.gatherer.drain()
    plain.surprised(batch, Outcome((), ["anywhere"] * 3), 0)
    assert batch.items == records(3)
