"""Our PutRecords body is what boto3 would have sent, for any data, key and stream name."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from worker.encoding import read_answer, request_body
from worker.ledger import Cause
from worker.record import Entry, Item, Record

unicode_keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)
records = st.builds(Record, st.binary(max_size=200), unicode_keys, st.just(0))
entries = st.builds(
    Entry,
    st.binary(max_size=200),
    unicode_keys,
    st.one_of(st.none(), st.integers(0, 2**128 - 1).map(str)),
    st.just(()),
)


@given(
    st.from_regex(r"[a-zA-Z0-9_.-]{1,128}", fullmatch=True),
    st.one_of(
        st.lists(records, min_size=1, max_size=20),
        st.lists(st.one_of(records, entries), min_size=1, max_size=20),
    ),
)
def test_the_body_says_what_the_records_say(stream: str, items: list[Item]) -> None:
    body = json.loads(request_body(stream, items))
    assert body["StreamName"] == stream
    assert len(body["Records"]) == len(items)
    for sent, item in zip(body["Records"], items, strict=True):
        assert base64.b64decode(sent["Data"], validate=True) == item.data
        assert sent["PartitionKey"] == item.partition_key
        expected = item.explicit_hash_key if isinstance(item, Entry) else None
        assert sent.get("ExplicitHashKey") == expected


fates = st.sampled_from(
    [None, "ProvisionedThroughputExceededException", "InternalFailure", "SomethingNew"]
)


@given(st.lists(fates, min_size=1, max_size=50))
def test_every_entry_of_an_answer_is_read(codes: list[str | None]) -> None:
    answer = [
        {"SequenceNumber": "1", "ShardId": "s"} if code is None else {"ErrorCode": code}
        for code in codes
    ]
    outcome = read_answer(json.dumps({"Records": answer}).encode(), len(codes))
    causes = list(outcome.causes) or [None] * len(codes)
    assert [cause is None for cause in causes] == [code is None for code in codes]
    throttled = [cause is Cause.THROTTLED for cause in causes]
    assert throttled == [code == "ProvisionedThroughputExceededException" for code in codes]
