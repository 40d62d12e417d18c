"""Which stream a demo loads, as its input asks for it. Pure.

The stack's stream is kept and shared, which costs nothing more; but a stream that has seen a peak
takes twice as much for 30 days, so it soon shows no throttling. A fresh stream is the demo's own
and goes with it. Either may be warmed before the first phase.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib import names
from chalicelib.errors import FieldProblem, InvalidPlan
from chalicelib.shown import shown

STREAM, WARM = "stream", "warm_throughput_mibps"
KEYS = frozenset({STREAM, WARM})
MAX_WARM_MIBPS = 10_240
"""botocore, UpdateStreamWarmThroughput: by default no more than 10 GiB/s for an on-demand stream.
Some regions allow less; AWS's own error says so then."""

_MODES = '{"mode": "kept"} for the stack\'s stream, {"mode": "fresh"} for one of its own'


class StreamMode(StrEnum):
    """Whose stream it is: the stack's, or the demo's own."""

    KEPT = "kept"
    FRESH = "fresh"


@dataclass(frozen=True)
class StreamChoice:
    """Which stream, and the MiB/s that it is to take from the start; None leaves it as it is."""

    mode: StreamMode = StreamMode.KEPT
    warm_throughput_mibps: int | None = None

    @property
    def fresh(self) -> bool:
        """Whether the stream is the demo's own."""
        return self.mode is StreamMode.FRESH


AS_IT_IS = StreamChoice()
"""The stack's stream, as it is."""


def problems(config: Mapping[str, object], *, may_be_null: bool = False) -> Iterator[FieldProblem]:
    """What is wrong with the two keys; an execution's input may say null for no warm throughput."""
    if STREAM in config:
        yield from _stream_problems(config[STREAM])
    warm = config.get(WARM)
    if WARM not in config or (warm is None and may_be_null):
        return
    if isinstance(warm, bool) or not isinstance(warm, int) or not 1 <= warm <= MAX_WARM_MIBPS:
        yield FieldProblem(
            WARM, f"is {shown(warm)}", f"give a whole number from 1 to {MAX_WARM_MIBPS:,}, in MiB/s"
        )


def read(config: Mapping[str, Any]) -> StreamChoice:
    """The choice in an input that has no problems."""
    mode = config.get(STREAM, {}).get("mode", StreamMode.KEPT)
    return StreamChoice(StreamMode(mode), config.get(WARM))


def read_mode(config: object) -> StreamMode:
    """The mode in an input that somebody else may have written; `kept` if it says nothing of it."""
    stream = config.get(STREAM) if isinstance(config, Mapping) else None
    fresh = isinstance(stream, Mapping) and stream.get("mode") == StreamMode.FRESH
    return StreamMode.FRESH if fresh else StreamMode.KEPT


def to_json(choice: StreamChoice) -> dict[str, Any]:
    """The two keys, as an execution's input and a demo_state carry them."""
    return {STREAM: {"mode": str(choice.mode)}, WARM: choice.warm_throughput_mibps}


def stream_name(choice: StreamChoice, demo_id: str, *, kept: str | None, base_family: str) -> str:
    """The name of the demo's stream; `kept` is the stack's, if it has one.

    InvalidPlan if it has none and is asked for it, or if one of the demo's own would be called too
    long.
    """
    if not choice.fresh:
        if kept is None:
            problem = "is the stack's, which was deployed without one (KeptStream=no)"
            raise InvalidPlan([FieldProblem(STREAM, problem, 'give {"mode": "fresh"}')])
        return kept
    name = names.stream_of(demo_id, base_family)
    if len(name) > names.MAX_STREAM_NAME_LENGTH:
        shorter = len(demo_id) - (len(name) - names.MAX_STREAM_NAME_LENGTH)
        raise InvalidPlan(
            [
                FieldProblem(
                    STREAM,
                    f"would be called {name}, of {len(name)} characters",
                    f"name the demo with at most {shorter}, so that Kinesis takes the name",
                )
            ]
        )
    return name


def _stream_problems(stream: object) -> Iterator[FieldProblem]:
    if not isinstance(stream, Mapping):
        yield FieldProblem(STREAM, "is no object", f"give {_MODES}")
        return
    for key in stream:
        if key != "mode":
            yield FieldProblem(f"{STREAM}.{key}", "is unknown", "use mode only")
    mode = stream.get("mode")
    if mode not in [str(known) for known in StreamMode]:
        problem = "is missing" if "mode" not in stream else f"is {shown(mode)}"
        yield FieldProblem(f"{STREAM}.mode", problem, f"give {_MODES}")
