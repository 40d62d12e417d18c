"""One process at one moment, and whose it is. Pure.

A process is known by its command and by whose child it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields

RUNNER, STACK, FUNCTION, AGENT = "runner", "embedded AWS", "Lambda", "agent"
POOL, PRODUCER, READER, OTHER = "pool", "producer", "reader", "other"

_BY_MODULE = {"local.server": STACK, "local.agent": AGENT, "local.follower": READER}
_BY_PARENT = {STACK: FUNCTION, AGENT: POOL, POOL: PRODUCER}


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process has at a moment."""

    at: float
    """Unix seconds."""
    pid: int
    role: str
    memory: int
    """Bytes, resident."""
    descriptors: int
    threads: int
    cpu: float
    """Seconds of CPU used so far, its children's left out."""


def role_of(command: list[str], parent: str) -> str:
    """What a process is, by its command and its parent's role."""
    module = command[command.index("-m") + 1] if "-m" in command[:-1] else ""
    return _BY_MODULE.get(module) or _BY_PARENT.get(parent, OTHER)


HEAD = ",".join(field.name for field in fields(Sample))


def line_of(sample: Sample) -> str:
    """A line of samples.csv."""
    return ",".join(str(value) for value in astuple(sample))


def read(lines: Iterable[str]) -> Iterator[Sample]:
    """The samples of such lines, the first of which is HEAD."""
    for line in list(lines)[1:]:
        at, pid, role, memory, descriptors, threads, cpu = line.strip().split(",")
        yield Sample(
            float(at), int(pid), role, int(memory), int(descriptors), int(threads), float(cpu)
        )
