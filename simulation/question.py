"""What is to be simulated, read from an outside that may be wrong, and checked whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ondemand.policy import Policy
from ondemand.traffic import POSTERS, Traffic
from simulation.errors import BadQuestion

MIBPS_BY_REGION: Mapping[str, int] = {"us-east-1": 10_240, "us-west-2": 10_240, "eu-west-1": 10_240}
"""What an on-demand stream takes at the most (Kinesis developer guide, Quotas and limits)."""
MIBPS_ELSEWHERE = 200
LARGEST_RECORD = 10 << 20
"""Bytes (botocore's model `kinesis`, PutRecordsRequestEntry: up to 10 MiB)."""
MOST_SECONDS = 86_400
MOST_KEYS = 1_000_000
_EVEN = "even"


@dataclass(frozen=True)
class Question:
    """A stream, and what the records sent to it are like."""

    region: str = "us-east-1"
    warm_mibps: int = 0
    record_bytes: int = 420
    """With the partition key."""
    aggregated: bool = False
    keys: int | None = POSTERS
    """Partition keys, equally busy; None: so many that shards fill evenly."""
    hot_share: float = 0.0
    """Of the records, the part that one more key has."""
    time_scale: float = 1.0
    task_start_seconds: float = 20.0
    """From a phase's start until its tasks send."""
    task_records_per_second: float = 1_000.0
    """What a task is given where a phase doesn't say how many there are."""

    @property
    def most_shards(self) -> int:
        return MIBPS_BY_REGION.get(self.region, MIBPS_ELSEWHERE)

    @property
    def policy(self) -> Policy:
        """The stream, as it is before the first record."""
        policy = Policy(most_shards=self.most_shards, warm_mibps=self.warm_mibps)
        return policy if self.time_scale == 1 else policy.faster(self.time_scale)

    @property
    def traffic(self) -> Traffic:
        return Traffic(
            record_bytes=self.record_bytes,
            aggregated=self.aggregated,
            keys=self.keys,
            hot_share=self.hot_share,
        )


def read(given: Mapping[str, Any]) -> Question:
    """A question of what was given by field's name; the rest stays as it is by default.

    Raises BadQuestion with a line for each problem.
    """
    found = {name: value for name, value in given.items() if value is not None}
    keys = found.pop("keys", str(POSTERS))
    problems = [*_problems(found), *_key_problems(keys)]
    if problems:
        raise BadQuestion("\n".join(problems))
    return Question(**found, keys=None if keys == _EVEN else int(keys))


def _problems(found: Mapping[str, Any]) -> Iterator[str]:
    most = MIBPS_BY_REGION.get(found.get("region", Question.region), MIBPS_ELSEWHERE)
    limits: Sequence[tuple[str, float, float, str]] = (
        ("warm_mibps", 0, most, "MiB/s, which is what the region's streams take"),
        ("record_bytes", 1, LARGEST_RECORD, "bytes, partition key included"),
        ("hot_share", 0, 1, "of all records"),
        ("time_scale", 1, 3_600, "times as fast as AWS"),
        ("task_start_seconds", 0, 3_600, "seconds"),
        ("task_records_per_second", 1, 1_000_000, "records/s"),
    )
    for name, least, highest, unit in limits:
        value = found.get(name)
        if value is not None and not least <= value <= highest:  # true for NaN, too
            option = "--" + _OPTIONS.get(name, name).replace("_", "-")
            yield f"{option} is {value:g}: give {least:,g} to {highest:,g} {unit}"


def _key_problems(keys: str) -> Iterator[str]:
    whole = keys.isascii() and keys.isdigit() and len(keys) <= len(str(MOST_KEYS))
    if keys != _EVEN and not (whole and 1 <= int(keys) <= MOST_KEYS):
        yield (
            f"--keys is {keys[:40]!r}: give 1 to {MOST_KEYS:,} partition keys, or {_EVEN} for so "
            "many that shards fill evenly"
        )


_OPTIONS = {"warm_mibps": "warm_throughput", "task_records_per_second": "task_capacity"}
