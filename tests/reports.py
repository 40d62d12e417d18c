"""A demo's document and seconds, as tests of reports need them, and the reader of their numbers."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from reporting.seconds import COLUMNS, Seconds

BEGIN = 1_795_593_600
STARTED_AT = "2026-11-25T08:00:00Z"


def latency(scale: float = 1.0) -> dict[str, float]:
    return {"p50": 53.5 * scale, "p90": 94.4 * scale, "p99": 1_407.25 * scale, "max": 2_141.3}


def phase(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "phase_number": number,
        "target_tps": (100, 6_000, 12_000, 99.5)[number - 1],
        "achieved_tps": 101.3 * number,
        "task_count": number,
        "duration_seconds": 2,
        "seconds_to_target": 0.48,
        "delivered": 1_000 + number,
        "throttled": 80_000 + number,
        "missed": number,
        "limited_by": None,
        "generated": 1_000 + number,
        "acknowledged": 1_000 + number,
        "retried": 70_000 + number,
        "failed": 0,
        "latency_ms": latency(number),
        "started_at": f"2026-11-25T08:00:0{2 * number - 2}Z",
        "ends_at": f"2026-11-25T08:00:0{2 * number}Z",
        **changes,
    }


def verdict(text: str = "lost==0", **told: Any) -> dict[str, Any]:
    """A threshold as GET /demo/<id> tells it; it held."""
    asked = {"threshold": text, "phase": None, "metric": "lost", "operator": "==", "limit": 0}
    return {**asked, "unit": "records", "value": 0, "ok": True, **told}


def cost(**changes: Any) -> dict[str, Any]:
    line = {"quantity": 12.5, "unit": "GB", "price": 0.08, "amount": 1.0, "note": "rounded <up>"}
    many = {"quantity": 12_345.6, "unit": "hour", "price": 2.5e-05, "amount": 0.2345, "note": None}
    return {
        "currency": "USD",
        "total": 1.2345,
        "prices_as_of": "2026-11-24",
        "region": "us-east-1",
        "note": "free tiers are ignored",
        "lines": [{"item": "Kinesis data in", **line}, {"item": "Fargate", **many}],
        "standing": [{"item": "Kept stream", **line}],
        **changes,
    }


def document(**changes: Any) -> dict[str, Any]:
    """A demo of this machine that went well."""
    return {
        "demo_id": "friday",
        "status": "SUCCEEDED",
        "phases": [phase(number) for number in (1, 2, 3, 4)],
        "generated": 4_010,
        "delivered": 4_010,
        "acknowledged": 4_010,
        "failed": 0,
        "failed_by_cause": {},
        "lost": 0,
        "lost_by_producer": {},
        "duplicates": 3,
        "foreign": 0,
        "retried": 280_010,
        "throttled": 320_010,
        "killed_workers": 0,
        "broken_tasks": 0,
        "error": None,
        "cause": None,
        "shared_with": [],
        "cost": {"estimate": cost(total=2.0), "actual": cost()},
        "read_back": True,
        "started_at": STARTED_AT,
        "ended_at": "2026-11-25T08:00:09Z",
        "latency_ms": latency(),
        "stream": {"name": "s", "mode": "kept", "open_shards": 34},
        "thresholds": [
            verdict("p99_latency_ms<500", limit=500, unit="ms", value=1_407.25, ok=False),
            verdict("phase 2: lost==0", phase=2, limit=0, unit="records", value=None, ok=None),
        ],
        "complaints": [],
        "notes": [],
        "environment": {
            "cpus": 2,
            "stream_model": "model, 180 times faster",
            "time_scale": 180.0,
            "versions": {"boto3": "1.43.106"},
        },
        "reproduce": ["make demo PLAN=quick"],
        **changes,
    }


def seconds(length: int = 8, **columns: Any) -> Seconds:
    """Two rows a phase; `columns` replaces whole ones."""
    values: dict[str, Any] = dict.fromkeys(COLUMNS, (1.0,) * length)
    values |= {"offered": (500.0,) * 7 + (510.0,), "accepted": (500.0,) * 7 + (510.0,)}
    values |= {"in_stream": (500.0,) * 7 + (510.0,), "open_shards": (4.0,) * 4 + (34.0,) * 4}
    return Seconds(BEGIN, 1, values | columns)


class _Data(HTMLParser):
    """Collects the `data` elements: what each is of, its value, and the text that people see."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.addresses: list[str] = []
        self._open: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.addresses += [given[name] for name in ("src", "href", "xlink:href") if name in given]
        if tag == "data":
            self._open = given["data-of"], given["value"]

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found.append((*self._open, data))
            self._open = None


def shown(page: str) -> list[tuple[str, str, str]]:
    """(path in the document, value, text) of each number on a page."""
    reader = _Data()
    reader.feed(page)
    return reader.found


def addresses(page: str) -> list[str]:
    """What a page refers to."""
    reader = _Data()
    reader.feed(page)
    return reader.addresses


SAID_BY_ITSELF = re.compile(r"thresholds\.\d+\.(phase|limit)$")
"""A threshold's own text has these."""


def numbers_in(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """(path, number) of every number in a document that has to be on its page."""
    if SAID_BY_ITSELF.match(path):
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from numbers_in(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value):
            yield from numbers_in(inner, f"{path}.{place}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, value
