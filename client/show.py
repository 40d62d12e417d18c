"""What the API answered, in lines for a person. Pure.

Rates are records per second of a whole phase; times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from client import cost, thresholds
from client.tables import aligned
from reporting.seconds import NAMES

Phase = Mapping[str, Any]
Demo = Mapping[str, Any]


def started(demo: Demo, *, dry_run: bool) -> list[str]:
    """POST's answer: what was started, or would be."""
    does = "would be started; nothing was" if dry_run else "started"
    stream = [f"  {_stream(demo['stream'])}"] if "stream" in demo else []
    phases = [
        f"  {phase_title(phase)}  by {tasks_text(phase)} for {phase['duration_seconds']:,} s"
        for phase in demo.get("phases", [])
    ]
    spends = cost.lines(demo) if dry_run else cost.totals(demo)
    judged = [f"  {line}" for line in thresholds.asked(demo)]
    return [
        f"demo {demo['demoId']} {does}",
        *phases,
        *stream,
        *_warm(demo),
        *_template(demo),
        *judged,
        *spends,
    ]


def listing(demos: Sequence[Demo], now: datetime) -> list[str]:
    """A page of demos as a table."""
    if not demos:
        return ["no demos"]
    head = ("demo", "status", "started", "took")
    rows = [
        (demo["demoId"], demo["status"], _moment(demo["startDate"]), _took(demo, now))
        for demo in demos
    ]
    return aligned([head, *rows], left=(0, 1, 2))


def status(demo: Demo, now: datetime) -> list[str]:
    """One demo, as it stands."""
    running = demo["status"] == "RUNNING"
    runs = f"{'running for' if running else 'took'} {_took(demo, now)}"
    lines = [
        f"demo {demo['demoId']} {demo['status']}",
        f"  started {_moment(demo['startDate'])}, {runs}",
    ]
    if running:
        lines.append(f"  {progress_line(demo, now)}")
    lines += [f"  {_records(demo['records'])}", f"  {_stream(demo['stream'])}"]
    judged = [f"  {line}" for line in thresholds.lines(demo)]
    return [*lines, *judged, *_failure(demo), *cost.totals(demo)]


def report(demo: Demo, now: datetime, *, costs: bool = True) -> list[str]:
    """What became of a demo, phase by phase, and with `costs` what it cost, line by line."""
    head = ("phase", "", "target/s", "achieved/s", "tasks", "to target", "delivered", "throttled")
    rows = [
        (
            str(phase["phase_number"]),
            NAMES[phase["phase_number"]],
            number(phase["target_tps"]),
            "–" if phase.get("achieved_tps") is None else f"{phase['achieved_tps']:,.1f}",
            f"{phase['task_count']:,}",
            _to_target(phase),
            f"{phase['records']['delivered']:,}",
            f"{phase['records']['throttled']:,}",
        )
        for phase in demo["phases"]
    ]
    return [
        *aligned([head, *rows], left=(1,)),
        _records(demo["records"]),
        _stream(demo["stream"]),
        *_failure(demo),
        *(cost.lines(demo) if costs else cost.totals(demo)),
        *thresholds.lines(demo),
        f"demo {demo['demoId']} {demo['status']} after {_took(demo, now)}"
        f"{thresholds.in_short(demo)}",
    ]


def phase_line(phase: Phase, demo: Demo) -> str:
    """A phase that is over, in one line."""
    shards = _shards(demo["stream"])
    return (
        f"{phase_title(phase)}  achieved {_rate(phase.get('achieved_tps'))}"
        f"  by {tasks_text(phase)}{f'  {shards}' if shards else ''}"
    )


def progress_line(demo: Demo, now: datetime) -> str:
    """The phase under way, in one line."""
    phase = next((p for p in demo["phases"] if p["phase_number"] == demo["currentPhase"]), None)
    tasks, records = demo["tasks"], demo["records"]
    if phase is None or not phase.get("started_at"):
        return f"{demo['status'].lower()}, {records['delivered']:,} records delivered"
    left = (datetime.fromisoformat(phase["ends_at"]) - now).total_seconds()
    return (
        f"{phase_title(phase)}  now {_rate(demo.get('current_tps'))}"
        f"  tasks {tasks['running']}/{tasks['desired']}"
        f"  throttled {records['throttled']:,}  {max(0, left):.0f} s left"
    )


def phase_title(phase: Phase) -> str:
    """A phase's number, name and target."""
    ordinal = phase["phase_number"]
    return f"phase {ordinal} {NAMES[ordinal]:<8} {number(phase['target_tps']):>7}/s"


def tasks_text(phase: Phase) -> str:
    """How many tasks a phase has."""
    return f"{phase['task_count']:,} {'task' if phase['task_count'] == 1 else 'tasks'}"


def number(value: float) -> str:
    """With separators, and no more digits than it has."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,}"


def _rate(tps: float | None) -> str:
    return f"{'–':>9}" if tps is None else f"{tps:>7,.0f}/s"


def _to_target(phase: Phase) -> str:
    seconds = phase.get("seconds_to_target")
    if seconds is not None:
        return f"{seconds:.1f} s"
    return "never" if phase.get("ended_at") else "–"


def _records(records: Mapping[str, int]) -> str:
    shown = ("delivered", "throttled", "retried", "failed")
    return "records: " + ", ".join(f"{records[name]:,} {name}" for name in shown)


def _stream(stream: Mapping[str, Any]) -> str:
    mode = f" ({stream['mode']})" if stream.get("mode") else ""
    shards = _shards(stream)
    size = f", {shards}" if shards else ""
    others = [*stream.get("shared_with", ())]
    if not stream.get("shared_with_complete", True):
        others.append("perhaps others")
    shared = f", shared with {', '.join(others)}: their traffic counts here too" if others else ""
    return f"stream: {stream['name']}{mode}{size}{shared}"


def _shards(stream: Mapping[str, Any]) -> str:
    """How many shards are open; nothing of a stream that isn't there yet, or any more."""
    shards = stream.get("open_shards")
    return f"{shards:,} open {'shard' if shards == 1 else 'shards'}" if shards else ""


def _warm(demo: Demo) -> list[str]:
    warm = demo.get("warm_throughput_mibps")
    return [f"  warm throughput: {warm:,} MiB/s"] if warm else []


def _template(demo: Demo) -> list[str]:
    record = demo.get("record")
    if not record:
        return []
    mean, most = record["mean_bytes"], record["most_bytes"]
    return [f"  records by a template: about {mean:,} bytes each, {most:,} at most"]


def _failure(demo: Demo) -> list[str]:
    reason = ": ".join(filter(None, (demo.get("error"), demo.get("cause"))))
    return [f"failed with {reason}"] if reason else []


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}Z"


def _took(demo: Demo, now: datetime) -> str:
    stop = demo.get("stopDate")
    end = datetime.fromisoformat(stop) if stop else now
    seconds = max(0, round((end - datetime.fromisoformat(demo["startDate"])).total_seconds()))
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"
