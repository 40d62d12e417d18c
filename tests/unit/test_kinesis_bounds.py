"""The data plane holds what was not read yet, and never more than it may; its readers are told."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.follower import follow
from local.kinesis.plane import KinesisPlane
from local.proof import Tally, prove, tally_stream
from local.reader import Gone, Post, Reading, read_stream
from ondemand.policy import MIB, Policy
from tests.wireless import STREAM, Client, Clock, plane

RECORD_BYTES = 1_000


def send(client: Client, first: int, number: int, size: int = RECORD_BYTES) -> None:
    """Put posts with these numbers, each under a key of its own."""
    for start in range(first, first + number, 500):
        numbers = range(start, min(start + 500, first + number))
        entries = [{"Data": post(n, size), "PartitionKey": f"key-{n}"} for n in numbers]
        client.put_records(StreamName=STREAM, Records=entries)


def post(number: int, size: int) -> str:
    data = b'{"demo_id":"d","phase":1,"producer":"p-0","sequence":%d}' % number
    return base64.b64encode(data.ljust(size)).decode()


def held(on: KinesisPlane) -> int:
    return sum(stream.held_bytes for stream in on.streams.values())


def reading(on: KinesisPlane, *, forget: bool = False) -> Reading:
    client: Any = Client(on)
    return Reading(client, STREAM, forget=forget)


def found(on: KinesisPlane) -> list[Any]:
    client: Any = Client(on)
    return list(read_stream(client, STREAM))


@pytest.fixture
def kinesis() -> KinesisPlane:
    return plane(Clock())


def test_nothing_is_forgotten_for_a_reader_that_does_not_say_so(kinesis: KinesisPlane) -> None:
    send(Client(kinesis), 0, 3_000)
    for _ in range(2):
        assert tally_stream("d", found(kinesis)).numbers["p-0"].below(3_000) == 3_000


def test_what_has_arrived_at_a_reader_that_says_so_is_held_no_longer(
    kinesis: KinesisPlane,
) -> None:
    reader, tally = reading(kinesis, forget=True), Tally("d")
    most = 0
    for batch in range(40):
        send(Client(kinesis), batch * 1_000, 1_000)
        for record in reader.round():
            tally.add(record)
        most = max(most, held(kinesis))
    proof = prove({"p-0": 40_000}, tally)
    assert (proof.lost, proof.duplicates, proof.unseen) == (0, 0, 0)
    # A thousand that came, and a thousand whose arrival is told with the next request.
    assert most < 2.2 * 1_000 * (RECORD_BYTES * 4 / 3 + 300)
    assert list(reader.round()) == []
    assert held(kinesis) == 0


def test_an_answer_that_got_lost_can_be_asked_for_again(kinesis: KinesisPlane) -> None:
    client = Client(kinesis)
    reading(kinesis, forget=True)
    send(client, 0, 500)
    shard = client.list_shards(StreamName=STREAM)["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(
        StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    client.meta.register(
        "before-call.kinesis.GetRecords", lambda params: params["headers"].update(FORGET)
    )
    once, again = (client.get_records(ShardIterator=iterator)["Records"] for _ in range(2))
    assert once == again != []


FORGET = {"x-forget-read": "1"}


def test_a_second_reader_is_told_how_much_it_can_no_longer_see(kinesis: KinesisPlane) -> None:
    send(Client(kinesis), 0, 1_500)
    reader = reading(kinesis, forget=True)
    assert len([*reader.round()]) == 1_500
    send(Client(kinesis), 1_500, 500)
    assert len([*reader.round()]) == 500
    late = found(kinesis)
    assert sum(r.records for r in late if isinstance(r, Gone)) == 1_500
    assert len([r for r in late if isinstance(r, Post)]) == 500
    proof = prove({"p-0": 2_000}, tally_stream("d", late))
    assert (proof.delivered, proof.lost, proof.duplicates) == (500, None, None)
    assert (proof.lost_by_producer, proof.unseen) == ({}, 1_500)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 1_500), st.booleans()), min_size=1, max_size=12))
def test_every_record_is_found_or_told_to_be_gone_whatever_a_full_stream_drops(
    steps: list[tuple[int, bool]],
) -> None:
    small = plane(Clock(), most_mib=1)
    reader, tally, sent = reading(small), Tally("d"), 0
    for number, read in steps:
        send(Client(small), sent, number)
        sent += number
        assert held(small) <= MIB
        for record in reader.round() if read else ():
            tally.add(record)
    reader.behind = True
    while reader.behind:
        for record in reader.round():
            tally.add(record)
    proof = prove({"p-0": sent}, tally)
    assert proof.delivered + proof.unseen == sent
    assert (proof.lost == 0) == (proof.unseen == 0)


def test_the_fullest_stream_gives_way_and_the_server_says_so(
    kinesis: KinesisPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Client(kinesis)
    client.put_records(
        StreamName="other", Records=[{"Data": post(0, 100), "PartitionKey": "k"}] * 3
    )
    send(client, 0, 14_000)
    assert held(kinesis) <= 16 * MIB
    assert 12_000 > len([r for r in found(kinesis) if isinstance(r, Post)]) > 9_000
    (other,) = (stream for key, stream in kinesis.streams.items() if key[2] == "other")
    assert sum(len(log.records) for log in other.shards) == 3
    said = capsys.readouterr().err
    assert '"event": "records_dropped", "stream": "posts"' in said
    assert "STREAM_MEMORY" in said


@pytest.mark.parametrize("forget", [False, True])
def test_a_follower_finds_every_record_across_splits(forget: bool) -> None:
    clock = Clock()
    growing = plane(clock, policy=Policy().faster(900))
    reader, tally, sent = reading(growing, forget=forget), Tally("d"), 0

    def work(seconds: float) -> bool:
        """What happens while the follower waits: five seconds of traffic, then no more."""
        nonlocal sent
        clock.now += seconds or 0.2
        if clock.now > 1_005:
            return True
        send(Client(growing), sent, 2_000, size=100)
        sent += 2_000
        return False

    told = [*follow(reader, tally, work)]
    assert len(Client(growing).list_shards(StreamName=STREAM)["Shards"]) > 8
    taken = len(tally.numbers["p-0"])
    assert (
        told[-1]
        == taken
        == sum(log.end for stream in growing.streams.values() for log in stream.shards)
    )
    assert (tally.repeated.total(), tally.unseen) == (0, 0)


def test_a_follower_reads_to_the_end_of_what_was_there_when_it_was_told_to_finish(
    kinesis: KinesisPlane,
) -> None:
    send(Client(kinesis), 0, 9_000)
    tally = Tally("d")
    told = [*follow(reading(kinesis), tally, lambda _: True)]
    assert told == sorted(told)
    assert told[-1] == len(tally.numbers["p-0"]) == 9_000
