"""An API for the page's load test and its bad days: an hour of numbers, and silence on demand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from client.api import ApiError, DemoApi

LAG_SECONDS = 3
"""As an API whose workers publish each second."""
TARGETS = (100, 10_000, 50_000, 100)

THRESHOLDS: list[dict[str, Any]] = [
    {"threshold": "lost==0", "phase": None, "metric": "lost", "value": 0, "ok": True},
    {
        "threshold": "phase 2: p99_latency_ms<500",
        "phase": 2,
        "metric": "p99_latency_ms",
        "value": 4_123.4,
        "ok": False,
    },
    {
        "threshold": "achieved_tps>=99%",
        "phase": None,
        "metric": "achieved_tps",
        "value": None,
        "ok": None,
    },
]


class FakeApi:
    """One demo that has run for `seconds`, and goes on."""

    stream_model = "model of nothing at all"
    base_url = "http://127.0.0.1:1/fake"

    def __init__(self, seconds: int) -> None:
        self.asked: list[tuple[float, str]] = []
        self.since: list[int | None] = []
        self.silent = False
        self.began = int(time.time()) - seconds
        self._phase_seconds = seconds // 2

    @property
    def api(self) -> DemoApi:
        return cast(DemoApi, self)

    def list(self, limit: int | None = None, token: str | None = None) -> dict[str, Any]:
        assert limit is None or token is None
        self._ask("list")
        return {"demos": [self._summary()], "nextToken": None}

    def get(self, demo_id: str) -> dict[str, Any]:
        self._ask(f"get {demo_id}")
        now = time.time()
        number = min(4, int((now - self.began) / self._phase_seconds) + 1)
        counts = (9_876_543, 8_765_432, 123_456, 123_456, 0)
        names = ("generated", "delivered", "throttled", "retried", "failed")
        records = dict(zip(names, counts, strict=True))
        return {
            **self._summary(),
            "executionArn": "arn",
            "currentState": f"WaitPhase{number}Duration",
            "currentPhase": number,
            "transitions": [],
            "current_tps": 49_999.5,
            "phases": [self._phase(n, n <= number, records) for n in range(1, 5)],
            "records": records,
            "tasks": {"desired": 50, "running": 49},
            "stream": {
                "name": "s",
                "mode": "kept",
                "open_shards": 64,
                "shared_with": [],
                "shared_with_complete": True,
            },
            "warm_throughput_mibps": None,
            "cost": {"estimate": None, "actual": None},
            "thresholds": THRESHOLDS,
        }

    def metrics(
        self, demo_id: str, since: int | None = None, period: int | None = None
    ) -> dict[str, Any]:
        assert period in (None, 1)
        self._ask(f"metrics {demo_id}")
        self.since.append(since)
        begin, end = since or self.began, int(time.time()) - LAG_SECONDS

        def column(of: Callable[[int], float | None]) -> list[float | None]:
            return [of(second) for second in range(begin - self.began, end - self.began)]

        def wave(height: float) -> list[float | None]:
            def at(second: int) -> float | None:
                level = 1.2 + math.sin(second / 7 + second % 5)
                return None if second % 97 == 0 else round(height * level, 2)

            return column(at)

        return {
            "demoId": demo_id,
            "begin": begin,
            "end": max(begin, end),
            "period": 1,
            "complete": False,
            "series": {
                "target_tps": column(lambda s: TARGETS[min(3, s // self._phase_seconds)]),
                "generated": wave(20_000),
                "delivered": wave(20_000),
                "throttled": wave(9_000),
                "retried": wave(9_000),
                "failed": column(lambda _: 0),
                "latency_p50_ms": wave(60),
                "latency_p90_ms": wave(300),
                "latency_p99_ms": wave(2_000),
                "open_shards": column(lambda s: 4 + s // 60),
                "tasks_sending": column(lambda s: 1 + s // 120),
            },
        }

    def _ask(self, what: str) -> None:
        self.asked.append((time.monotonic(), what))
        if self.silent:
            raise ApiError(None, "the API got no answer")

    def _summary(self) -> dict[str, Any]:
        return {
            "demoId": "an-hour",
            "status": "RUNNING",
            "startDate": _iso(self.began),
            "stopDate": None,
        }

    def _phase(self, number: int, started: bool, records: dict[str, int]) -> dict[str, Any]:
        begins = self.began + (number - 1) * self._phase_seconds
        return {
            "phase_number": number,
            "target_tps": TARGETS[number - 1],
            "task_count": 50,
            "duration_seconds": self._phase_seconds,
            "started_at": _iso(begins) if started else None,
            "ends_at": _iso(begins + self._phase_seconds) if started else None,
            "ended_at": None,
            "achieved_tps": 99.9 if started else None,
            "seconds_to_target": None,
            "records": records,
        }


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
