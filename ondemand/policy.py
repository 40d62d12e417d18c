"""What AWS says of a stream's capacity, and what it doesn't say, each as a named parameter.

Sources. [sizing]: "Choose the right mode to stream in", Kinesis Data Streams developer guide;
[quotas]: "Quotas and limits" there; [api]: botocore's model `kinesis`. What none of them tells has
its default reasoned in docs/model.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum

MIB = 1 << 20
DAY_SECONDS = 86_400


class Mode(StrEnum):
    """How a stream's capacity is managed."""

    ON_DEMAND = "on_demand"
    PROVISIONED = "provisioned"
    """The shards stay as they are."""


_SPANS = (
    *("reaction_seconds", "observation_seconds", "warm_seconds"),
    *("peak_seconds", "scale_down_seconds"),
)


class BadPolicy(ValueError):
    """Parameters that no stream can have; the message names every one."""


@dataclass(frozen=True)
class Policy:
    """The rules that a stream lives by."""

    mode: Mode = Mode.ON_DEMAND

    shard_bytes: int = MIB
    """A shard's write capacity, bytes a second, partition keys included [api: CreateStream]."""
    shard_records: int = 1_000
    """A shard's write capacity, records a second [api: CreateStream]."""
    fresh_shards: int = 4
    """A new on-demand stream takes 4 MB/s and 4,000 records/s [sizing]."""
    most_shards: int = 200
    """200 MB/s; in us-east-1, us-west-2 and eu-west-1 10 GB/s [quotas]."""

    split_share: float = 0.5
    """A shard that takes more than 500 KB/s is split [sizing]; the same share of its records/s."""
    reaction_seconds: int = 900
    """From when a shard took too much until it is split. AWS says "within 15 minutes" [sizing]."""
    observation_seconds: int = 60
    """Traffic is averaged over this long before it is judged. Not published."""

    headroom: float = 2.0
    """Capacity stays at this many times the highest traffic of `peak_seconds` [sizing]."""
    peak_seconds: int = 30 * DAY_SECONDS
    """How long a peak is remembered [sizing]."""
    scale_down_seconds: int = DAY_SECONDS
    """How often a stream that is too large may lose shards. Not published."""

    warm_mibps: int = 0
    """Warm throughput: the least capacity, MiB/s [api: UpdateStreamWarmThroughput]."""
    warm_seconds: int = 180
    """How long warming an existing stream takes; "a few minutes" [api, there]."""

    def __post_init__(self) -> None:
        wrong = [
            f.name
            for f in fields(self)
            if f.name not in ("mode", "warm_mibps") and not getattr(self, f.name) > 0
        ]
        wrong += ["warm_mibps"] if self.warm_mibps < 0 else []
        wrong += ["split_share"] if self.split_share > 1 else []
        wrong += ["fresh_shards"] if self.fresh_shards > self.most_shards else []
        if wrong:
            raise BadPolicy(f"not possible: {', '.join(sorted(set(wrong)))}")

    @property
    def least_shards(self) -> int:
        """What an on-demand stream has at the least."""
        warm = -(-self.warm_mibps * MIB // self.shard_bytes)
        return min(self.most_shards, max(self.fresh_shards, warm))

    def faster(self, scale: float) -> Policy:
        """The same stream for which all that takes its time goes `scale` times faster.

        What a shard takes in a second stays: records are sent in real time.
        """
        return replace(
            self, **{name: max(1, round(getattr(self, name) / scale)) for name in _SPANS}
        )
