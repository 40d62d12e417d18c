"""Who is compared: our worker in its variants, its peers, and the sink's own ceiling. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bench.sink_process import Behaviour

SIZES = (300, 600)
"""Bytes of a post."""
AS_FAST_AS_IT_CAN = "max"


class Role(StrEnum):
    """What a contender is in the comparison."""

    OURS = "ours"
    PEER = "peer"
    CEILING = "ceiling"


@dataclass(frozen=True)
class Contender:
    """One way to bring records into a stream."""

    name: str
    role: Role
    module: tuple[str, ...]
    """What to run: the arguments after `python -m`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables, besides those that say where AWS is."""
    behaviour: Behaviour = field(default_factory=Behaviour)
    post_bytes: int = 300
    aggregated: bool = False
    processes: int = 1

    @property
    def label(self) -> str:
        """Unique in a run."""
        scheme = "TLS" if self.behaviour.tls else "HTTP"
        number = "" if self.processes == 1 else f", {self.processes} processes"
        return f"{self.name}, {self.post_bytes} B, {scheme}{number}"


def worker(
    target_tps: str,
    *,
    post_bytes: int = 300,
    aggregated: bool = False,
    processes: int = 1,
    behaviour: Behaviour | None = None,
) -> Contender:
    """Our worker: generation, encoding, sending, and full reading of the answers."""
    return Contender(
        name="ours, aggregated" if aggregated else "ours",
        role=Role.OURS,
        module=("worker",),
        settings={
            "TARGET_TPS": target_tps,
            "POST_BYTES": str(post_bytes),
            "AGGREGATION": "on" if aggregated else "off",
            "WORKER_PROCESSES": str(processes),
            "ENABLE_CLOUDWATCH_METRICS": "false",
        },
        behaviour=behaviour or Behaviour(),
        post_bytes=post_bytes,
        aggregated=aggregated,
        processes=processes,
    )


def _peer(
    name: str, module: str, *options: str, post_bytes: int, aggregated: bool, tls: bool = False
) -> Contender:
    return Contender(
        name=name,
        role=Role.CEILING if module in _CEILINGS else Role.PEER,
        module=(f"bench.peers.{module}", "--bytes", str(post_bytes), *options),
        behaviour=Behaviour(tls=tls),
        post_bytes=post_bytes,
        aggregated=aggregated,
    )


BASELINE = "boto3 put_records"
_CEILINGS = ("raw_socket", "botocore_ready")


def all_contenders(sizes: tuple[int, ...] = SIZES) -> list[Contender]:
    """Everyone, in the order in which a round runs them."""
    found = []
    for size in sizes:
        for tls in (False, True):
            behaviour = Behaviour(tls=tls)
            found += [
                _peer(BASELINE, "boto3_plain", post_bytes=size, aggregated=False, tls=tls),
                worker(AS_FAST_AS_IT_CAN, post_bytes=size, behaviour=behaviour),
                worker(AS_FAST_AS_IT_CAN, post_bytes=size, behaviour=behaviour, aggregated=True),
            ]
        found += [
            worker(AS_FAST_AS_IT_CAN, post_bytes=size, processes=2),
            worker(AS_FAST_AS_IT_CAN, post_bytes=size, processes=2, aggregated=True),
            *_peers(size),
            _peer("botocore, body ready", "botocore_ready", post_bytes=size, aggregated=False),
            _peer("raw socket", "raw_socket", post_bytes=size, aggregated=False),
        ]
    found.append(
        _peer(
            "raw socket, aggregated", "raw_socket", "--aggregated", post_bytes=300, aggregated=True
        )
    )
    return found


def _peers(size: int) -> list[Contender]:
    on, off = ("--aggregated",), ()
    return [
        _peer("aws_kinesis_agg + boto3", "kinesis_agg", post_bytes=size, aggregated=True),
        _peer("async-kinesis", "async_kinesis", *off, post_bytes=size, aggregated=False),
        _peer("async-kinesis, KPL", "async_kinesis", *on, post_bytes=size, aggregated=True),
        _peer("aiokpl", "aiokpl_producer", *off, post_bytes=size, aggregated=False),
        _peer("aiokpl, aggregated", "aiokpl_producer", *on, post_bytes=size, aggregated=True),
    ]
