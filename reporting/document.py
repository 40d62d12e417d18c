"""What a report shows: the document that is in `summary.json`. Pure.

`make demo` makes it from the stream as it was read back (local/summary.py). For a demo that only an
API knows it is made here, in the same words; what can't be told is null, and `read_back` is false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reporting.seconds import Seconds, bands, highest, unix, value_at

Document = Mapping[str, Any]

CHECKED = {
    "offered": "generated",
    "accepted": "acknowledged",
    "throttled": "throttled",
    "failed": "failed",
    "retried": "retried",
    "in_stream": "delivered",
}
"""What the seconds of a column have to add up to, by the document's name for it."""


def of_answer(demo: Mapping[str, Any]) -> dict[str, Any]:
    """The document of GET /demo/<id>'s answer."""
    records, stream = demo["records"], demo["stream"]
    return {
        "demo_id": demo["demoId"],
        "status": demo["status"],
        "phases": [_phase(phase) for phase in demo["phases"]],
        "generated": records["generated"],
        "delivered": None,
        "acknowledged": records["delivered"],
        "failed": records["failed"],
        "failed_by_cause": {},
        "lost": None,
        "lost_by_producer": {},
        "duplicates": None,
        "foreign": None,
        "retried": records["retried"],
        "throttled": records["throttled"],
        "killed_workers": None,
        "broken_tasks": None,
        "error": demo.get("error"),
        "cause": demo.get("cause"),
        "shared_with": list(stream.get("shared_with", ())),
        "cost": demo.get("cost"),
        "read_back": False,
        "started_at": demo["startDate"],
        "ended_at": demo.get("stopDate"),
        "latency_ms": demo.get("latency_ms"),
        "stream": stream,
        "thresholds": list(demo.get("thresholds") or ()),
    }


def _phase(phase: Mapping[str, Any]) -> dict[str, Any]:
    records = phase["records"]
    return {
        "phase_number": phase["phase_number"],
        "target_tps": phase["target_tps"],
        "achieved_tps": phase.get("achieved_tps"),
        "task_count": phase["task_count"],
        "duration_seconds": phase["duration_seconds"],
        "seconds_to_target": phase.get("seconds_to_target"),
        "delivered": None,
        "throttled": records["throttled"],
        "missed": None,
        "limited_by": None,
        "generated": records["generated"],
        "acknowledged": records["delivered"],
        "retried": records["retried"],
        "failed": records["failed"],
        "latency_ms": phase.get("latency_ms"),
        "started_at": phase.get("started_at"),
        "ends_at": phase.get("ends_at"),
    }


def with_seconds(document: Document, seconds: Seconds) -> dict[str, Any]:
    """The document, with what its seconds add up to, and what they tell of each phase."""
    phases = [{**phase, **_of_phase(phase, seconds)} for phase in document["phases"]]
    timeseries = {
        "begin": seconds.begin,
        "period": seconds.period,
        "rows": len(seconds),
        "sums": seconds.sums(),
    }
    return {**document, "phases": phases, "timeseries": timeseries}


def _of_phase(phase: Mapping[str, Any], seconds: Seconds) -> dict[str, float | None]:
    """How many shards it ended with, and the p99 of its worst second."""
    found = bands([phase], seconds.begin)
    shards = value_at(seconds, "open_shards", found[0].end) if found else None
    worst = highest(seconds, "latency_p99_ms", found[0]) if found else None
    return {
        "open_shards": None if shards is None else round(shards),
        "worst_second_p99_ms": worst,
    }


def disagreements(document: Document) -> list[str]:
    """Where the seconds don't add up to the document's own counts, a sentence each."""
    sums = document["timeseries"]["sums"]
    pairs = [(name, total, sums.get(name), document[total]) for name, total in CHECKED.items()]
    return [
        f"the seconds' {name} add up to {told:,}, of {counted:,} {total}"
        for name, total, told, counted in pairs
        if told is not None and counted is not None and told != counted
    ]


def plan_of(document: Document) -> str:
    """The targets, such as `100 → 6,000 → 12,000 → 100 records/s`."""
    return " → ".join(f"{p['target_tps']:,.10g}" for p in document["phases"]) + " records/s"


def phases_option(document: Document) -> str:
    """The plan as `kinesis-demo start --phases` takes it."""
    return ",".join(
        f"{p['target_tps']:.10g}:{p['duration_seconds']}:{p['task_count']}"
        for p in document["phases"]
    )


def lasted(document: Document) -> float | None:
    """Seconds from start to end; None of a demo that goes on."""
    if not (document.get("started_at") and document.get("ended_at")):
        return None
    return round(unix(document["ended_at"]) - unix(document["started_at"]), 1)


def ok(document: Document) -> bool:
    """Whether it succeeded, and as far as was looked nothing was lost, and every threshold held.

    One that can't be told didn't, as in the exit code.
    """
    bad = ("lost", "foreign", "broken_tasks") if document["read_back"] else ("failed",)
    return (
        document["status"] == "SUCCEEDED"
        and not any(document.get(name) for name in bad)
        and not silent(document)
        and all(each["ok"] for each in document.get("thresholds") or ())
    )


def verdict(document: Document) -> str:
    """What became of it, in a line."""
    if document["read_back"]:
        found = f"{document['delivered']:,} delivered, {document['lost']:,} lost, "
        found += f"{document['duplicates']:,} duplicates"
    else:
        found = f"{document['acknowledged']:,} acknowledged by Kinesis, "
        found += f"{document['failed']:,} given up"
    told = f"{document['status']}: {document['generated']:,} generated, {found}"
    judged = [each["ok"] for each in document.get("thresholds") or ()]
    if judged:
        told += f"; {judged.count(True)} of {len(judged)} thresholds held"
    return told


def silent(document: Document) -> Sequence[int]:
    """Phases of which nothing arrived."""
    return [
        phase["phase_number"]
        for phase in document["phases"]
        if not (phase["delivered"] if document["read_back"] else phase["acknowledged"])
    ]
