"""The control plane's clients read timestamps as botocore does, whatever the protocol."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.utils import parse_timestamp
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clients
from tests import control_plane


@given(st.floats(0, 4e9) | st.integers(0, 4_000_000_000))
def test_a_number_is_the_moment_that_botocore_reads(seconds: float) -> None:
    assert clients.moment(seconds) == parse_timestamp(str(seconds))
    assert clients.moment(seconds).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["2027-01-15T08:00:00.250Z", "Fri, 15 Jan 2027 08:00:00 GMT", "1800000000"]
)
def test_a_text_is_read_by_botocore(text: str) -> None:
    assert clients.moment(text) == parse_timestamp(text)


def test_the_clients_answers_have_such_timestamps(monkeypatch: pytest.MonkeyPatch) -> None:
    control_plane.use_environment(monkeypatch)
    control_plane.forget_clients()
    body = b'{"MetricDataResults":[{"Id":"a","Timestamps":[1800000000],"Values":[2.5]}]}'
    made = clients.cloudwatch_reader()

    def answered(**_: Any) -> Any:
        headers = {"content-type": "application/x-amz-json-1.0"}
        return SimpleNamespace(status_code=200, headers=headers, content=body)

    made.meta.events.register_first("before-send.cloudwatch.GetMetricData", answered)
    now = datetime.now(UTC)
    found = made.get_metric_data(MetricDataQueries=[], StartTime=now, EndTime=now)
    control_plane.forget_clients()
    (at,) = found["MetricDataResults"][0]["Timestamps"]
    assert (at, at.tzinfo) == (datetime(2027, 1, 15, 8, tzinfo=UTC), UTC)
