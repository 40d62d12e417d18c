"""The sink reads PutRecords bodies and answers them as Kinesis would."""

import base64
import hashlib
import json
from itertools import pairwise

import pytest
from aws_kinesis_agg.aggregator import RecordAggregator
from hypothesis import given
from hypothesis import strategies as st

from bench import wire

SEPARATORS = [(", ", ": "), (",", ":")]

keys = st.text(min_size=1, max_size=40)
plain_entries = st.fixed_dictionaries(
    {
        "Data": st.binary(max_size=60).map(lambda b: base64.b64encode(b).decode()),
        "PartitionKey": keys,
    },
    optional={"ExplicitHashKey": st.integers(0, wire.HASH_KEYS - 1).map(str)},
)


def shard_by_definition(entry: dict[str, str]) -> int:
    explicit = entry.get("ExplicitHashKey")
    if explicit is None:
        digest = hashlib.md5(entry["PartitionKey"].encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest) * wire.SHARDS // wire.HASH_KEYS
    return int(explicit) * wire.SHARDS // wire.HASH_KEYS


def aggregate(records: int) -> bytes:
    aggregator = RecordAggregator()
    for number in range(records):
        aggregator.add_user_record(f"user-{number % 7}", b"x" * (number % 300))
    return bytes(aggregator.clear_and_get().get_contents()[2])


@given(
    entries=st.lists(plain_entries, min_size=1, max_size=12),
    ascii_only=st.booleans(),
    separators=st.sampled_from(SEPARATORS),
)
def test_every_entry_is_found_on_its_shard_however_the_json_is_written(
    entries: list[dict[str, str]], ascii_only: bool, separators: tuple[str, str]
) -> None:
    request = {"StreamName": "s", "Records": entries}
    body = json.dumps(request, ensure_ascii=ascii_only, separators=separators).encode()
    found = wire.read_entries(body)
    assert found.shards == [shard_by_definition(entry) for entry in entries]
    assert found.user_records == len(entries)


def test_a_key_that_looks_like_the_request_itself_is_still_one_key() -> None:
    entries = [
        {"Data": "", "PartitionKey": '"PartitionKey": "x"'},
        {"Data": "", "PartitionKey": "y"},
    ]
    found = wire.read_entries(json.dumps({"Records": entries}).encode())
    assert found.shards == [shard_by_definition(entry) for entry in entries]


@pytest.mark.parametrize("body", [b"", b"{}", b"no json", b'{"Records": [{"Data": "eA=="}]}'])
def test_what_is_no_request_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(wire.BadRequest):
        wire.read_entries(body)


@pytest.mark.parametrize("records", [1, 2, 130, 700])
def test_an_aggregate_counts_as_the_records_that_it_carries(records: int) -> None:
    assert wire.count_user_records(aggregate(records)) == records


@pytest.mark.parametrize(
    "data",
    [b"", b'{"id":"post"}', aggregate(9)[:4], aggregate(9)[:-1], aggregate(9)[:-16] + b"x" * 16],
)
def test_what_is_no_aggregate_counts_as_one_record(data: bytes) -> None:
    assert wire.count_user_records(data) == 1


def test_aggregates_in_a_request_are_counted_in_user_records() -> None:
    entries = [
        {"Data": base64.b64encode(aggregate(n)).decode(), "PartitionKey": "k"} for n in (3, 40)
    ]
    found = wire.read_entries(json.dumps({"Records": entries}).encode())
    assert (found.records, found.user_records) == ([3, 40], 43)


def test_an_accepting_answer_has_a_sequence_number_and_the_right_shard_for_each_entry() -> None:
    answers = [json.loads(wire.accept_all([2, 0, 3], request)) for request in (7, 8)]
    for answer in answers:
        assert answer["FailedRecordCount"] == 0
        assert [entry["ShardId"][-1] for entry in answer["Records"]] == ["2", "0", "3"]
    numbers = [entry["SequenceNumber"] for answer in answers for entry in answer["Records"]]
    assert len(set(numbers)) == 6
    assert {len(number) for number in numbers} == {56}


def test_an_answer_says_which_entries_it_refuses_and_why() -> None:
    answer = json.loads(wire.accept_some([1, 2], [False, True], 7))
    taken, refused = answer["Records"]
    assert answer["FailedRecordCount"] == 1
    assert (taken["ShardId"][-1], len(taken["SequenceNumber"])) == ("1", 56)
    assert refused["ErrorCode"] == "ProvisionedThroughputExceededException"


def test_the_shards_divide_all_hash_keys_between_them() -> None:
    ranges = [shard["HashKeyRange"] for shard in json.loads(wire.list_shards())["Shards"]]
    edges = [(int(r["StartingHashKey"]), int(r["EndingHashKey"])) for r in ranges]
    assert edges[0][0] == 0
    assert edges[-1][1] == wire.HASH_KEYS - 1
    assert all(after[0] == before[1] + 1 for before, after in pairwise(edges))
