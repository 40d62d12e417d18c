"""A shard map that can't be read again is told of, and ends nobody."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from worker.shardreader import read_next_map


class Failing:
    """A Kinesis whose ListShards goes wrong."""

    def __init__(self, outcome: Exception | dict[str, Any]) -> None:
        self._outcome = outcome

    def list_shards(self, **_: Any) -> dict[str, Any]:
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (ClientError({"Error": {"Code": "LimitExceededException"}}, "ListShards"), "LimitExceeded"),
        (EndpointConnectionError(endpoint_url="http://nowhere"), "nowhere"),
        ({"Shards": []}, "no shard holds hash keys 0 to"),
        ({}, "no shard holds hash keys 0 to"),
    ],
)
def test_it_is_none_and_a_line_tells_why(
    outcome: Exception | dict[str, Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client: Any = Failing(outcome)
    assert read_next_map(client, "s") is None
    logged = capsys.readouterr().err
    assert '"event": "shards_not_read"' in logged
    assert says in logged
