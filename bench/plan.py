"""What a run of the benchmark consists of: the full one, and the quick one. Pure data."""

from __future__ import annotations

from dataclasses import dataclass

from bench.contenders import SIZES
from bench.costs import Effort
from bench.holds import Order
from bench.sink_process import Behaviour

SECTIONS = ("costs", "pace", "real", "template")
SAMPLES_WAY_MICROS = 170.0
"""CPU microseconds a record of the AWS sample's worker: stated, not measured here."""


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    effort: Effort
    orders: dict[str, Order]
    real_seconds: float


def full_plan() -> Plan:
    """About eleven minutes."""
    return Plan(
        Effort(rounds=3, window_seconds=2.0, warm_up_seconds=0.4, sizes=SIZES),
        {**_paces(6, 12), **_sustained(60, 30), **_latencies(10), **_refused(40)},
        real_seconds=8,
    )


def quick_plan() -> Plan:
    """About two minutes: a round at 300 bytes, short paces, no refusing stream (drains 30 s)."""
    return Plan(
        Effort(rounds=1, window_seconds=1.0, warm_up_seconds=0.3, sizes=SIZES[:1]),
        {**_paces(3, 5), **_sustained(6, 4), **_latencies(4)},
        real_seconds=3,
    )


def _paces(seconds: float, quiet_seconds: float) -> dict[str, Order]:
    return {
        "idle": Order("idle (TARGET_TPS=0)", 0, quiet_seconds),
        "100": Order("100/s", 100, seconds),
        "1000": Order("1,000/s", 1_000, quiet_seconds),
        "10000": Order("10,000/s", 10_000, seconds),
        "50000": Order("50,000/s", 50_000, seconds),
        "50000 aggregated": Order("50,000/s, aggregated", 50_000, seconds, aggregated=True),
    }


def _sustained(seconds: float, two_seconds: float) -> dict[str, Order]:
    return {
        "sustained": Order("50,000/s, kept to one core", 50_000, seconds, one_core=True),
        "100000": Order("100,000/s, two processes", 100_000, two_seconds, processes=2),
    }


def _latencies(seconds: float) -> dict[str, Order]:
    return {
        f"{milliseconds} ms": Order(
            f"50,000/s, answers after {milliseconds} ms",
            50_000,
            seconds,
            behaviour=Behaviour(latency=milliseconds / 1000),
        )
        for milliseconds in (30, 300)
    }


def _refused(seconds: float) -> dict[str, Order]:
    return {
        "refused": Order(
            "10,000/s, everything refused", 10_000, seconds, behaviour=Behaviour(refuse=1.0)
        )
    }
