"""The switch of the model and its speed, from a stack's environment."""

from __future__ import annotations

import re

import pytest

from local.kinesis.settings import BadModelSettings, label_of, most_bytes, policy_of, settings_of
from ondemand.policy import Policy


def test_without_a_word_there_is_no_model() -> None:
    assert policy_of({}) is None


def test_a_faster_stream_takes_as_much_and_reacts_sooner() -> None:
    assert policy_of(settings_of("on", "1")) == Policy()
    faster = policy_of(settings_of("on", "180"))
    assert faster is not None
    assert (faster.reaction_seconds, faster.shard_records) == (5, Policy().shard_records)


def test_all_that_cant_be_read_is_named() -> None:
    with pytest.raises(BadModelSettings, match=r"ON_DEMAND_MODEL is 'yes'.*TIME_SCALE is '0\.5'"):
        settings_of("yes", "0.5")


@pytest.mark.parametrize("memory", ["", "much", "15", "nan", "inf", "-1"])
def test_a_bound_on_memory_that_cant_be_one_is_named(memory: str) -> None:
    with pytest.raises(BadModelSettings, match=r"STREAM_MEMORY is .*: give MiB, 16 or more"):
        settings_of("on", "180", memory)


def test_a_bound_on_memory_is_in_mib_and_has_a_default() -> None:
    assert most_bytes(settings_of("off", "1", "16")) == 16 << 20
    assert most_bytes({}) == most_bytes(settings_of("off", "1")) == 4096 << 20


@pytest.mark.parametrize(
    ("switch", "scale", "says"),
    [
        ("on", "180", "by a model of .*180 times faster than AWS's"),
        ("on", "1", "by a model of .*as slowly as AWS's"),
        ("off", "180", "no model"),
    ],
)
def test_whoever_sees_the_streams_is_told_by_what_they_behave(
    switch: str, scale: str, says: str
) -> None:
    assert re.search(says, label_of(settings_of(switch, scale)))
