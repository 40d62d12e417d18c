"""Says when the generator was itself the bottleneck, apart from throttling. Pure."""

from __future__ import annotations

from enum import StrEnum

MISSED_SHARE = 0.01
"""Up to here, what wasn't made in time is no shortfall worth a reason."""
CPU_AT_LIMIT = 0.9


class Limit(StrEnum):
    """What kept a worker from its pace."""

    CPU = "cpu"
    """This worker: a producer used all of the CPU that it may."""
    THROTTLING = "throttling"
    """The stream refused records, and their retries took the place of new ones."""
    SERVICE = "service"
    """Answers took too long, though the stream refused nothing."""


def limited_by(
    *, generated: int, missed: int, throttled: int, cpu_share: float, cpu_limit: float
) -> Limit | None:
    """Return what limited the worker; None if it kept its pace.

    `cpu_share`: what the busiest producer used, of a CPU; `cpu_limit`: what it might use.
    """
    if missed <= MISSED_SHARE * (generated + missed):
        return None
    if cpu_share >= CPU_AT_LIMIT * cpu_limit:
        return Limit.CPU
    return Limit.THROTTLING if throttled else Limit.SERVICE
