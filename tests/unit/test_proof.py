"""The proof finds what is missing, repeated or foreign, and nothing else."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from local.proof import prove, tally_stream
from local.reader import Gone, Post, Unreadable, parse


def post(sequence: int, producer: str = "p-0", demo: str = "d", ms: int = 0) -> Post:
    return Post(demo, 1, producer, sequence, ms)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 40)), st.data())
def test_lost_and_duplicates_are_exact_for_any_fate_of_the_records(
    made: dict[str, int], data: st.DataObject
) -> None:
    every = [(producer, n) for producer, count in made.items() for n in range(count)]
    times = {record: data.draw(st.integers(0, 3)) for record in every}
    stream = [post(n, producer) for (producer, n), copies in times.items() for _ in range(copies)]
    proof = prove(made, tally_stream("d", stream))
    assert proof.generated == len(every)
    assert proof.lost == sum(copies == 0 for copies in times.values())
    assert proof.delivered == proof.generated - proof.lost
    assert proof.duplicates == sum(max(0, copies - 1) for copies in times.values())
    assert proof.foreign == 0
    missing = Counter(producer for (producer, _), copies in times.items() if copies == 0)
    assert proof.lost_by_producer == dict(missing)


def test_a_number_never_given_out_is_foreign() -> None:
    proof = prove({"p-0": 2}, tally_stream("d", [post(0), post(1), post(2), post(-1)]))
    assert (proof.lost, proof.foreign) == (0, 2)


def test_an_unknown_producer_is_foreign_and_another_demo_is_not() -> None:
    found = [post(0), post(0, producer="x"), post(5, demo="other")]
    tally = tally_stream("d", [*found, Unreadable(b"?")])
    proof = prove({"p-0": 1}, tally)
    assert (proof.delivered, proof.foreign) == (1, 2)
    assert tally.other_demos == {"other": 1}


def test_what_left_the_stream_unread_leaves_it_open_what_is_missing_and_repeated() -> None:
    proof = prove({"p-0": 3, "p-1": 1}, tally_stream("d", [Gone(2), post(0), post(0), Gone(3)]))
    assert (proof.generated, proof.delivered, proof.unseen) == (4, 1, 5)
    assert (proof.lost, proof.duplicates, proof.lost_by_producer) == (None, None, {})


def test_a_record_is_read_or_recognised_as_no_post() -> None:
    data = b'{"demo_id":"d","phase":3,"producer":"p-0","sequence":7}'
    assert parse(data, 1.5) == Post("d", 3, "p-0", 7, 1500)
    for bad in (
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"demo_id":"d","phase":"x","producer":1,"sequence":1}',
    ):
        assert parse(bad, 0) == Unreadable(bad)
