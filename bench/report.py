"""Writes what was found as Markdown: targets first, then every table with its reading aid. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bench.arrivals import Evenness
from bench.contenders import BASELINE, Contender, Role
from bench.costs import Cost, find
from bench.holds import Hold, NotHeld
from bench.plan import SAMPLES_WAY_MICROS
from bench.real import Reading
from bench.results import Results
from bench.targets import Verdict, verdicts
from bench.templates import BATCH, POST, ROUNDS, Making

_SIGNS = {True: "met", False: "**missed**", None: "not measured"}


def markdown(results: Results, plot: str | None) -> str:
    """The whole page; `plot` is the picture's file name."""
    parts = [_head(results)]
    if plot:
        parts.append(f"![CPU µs a record, and memory over time]({plot})")
    parts.append(_targets(verdicts(results)))
    if results.costs:
        parts.append(_costs(results))
    if results.holds:
        parts.append(_holds(list(results.holds.values())))
    if results.readings:
        parts.append(_real(results.readings))
    if results.makings:
        parts.append(_makings(results.makings))
    if results.failures:
        parts.append("## Failed\n\n" + "\n".join(f"- {line}" for line in results.failures))
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; what isn't in the first column is flush right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    lines = [head, rule, *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def _head(results: Results) -> str:
    machine = results.machine
    packages = ", ".join(f"{name} {number}" for name, number in machine.packages.items())
    return (
        "# Benchmarks\n\n"
        f"Written by `{machine.command}` on {machine.at}; everything on this page is from that one "
        f"run.\n{machine.cores} cores ({machine.cpu}), {machine.memory_gb:.0f} GB, "
        f"{machine.system}, Python {machine.python}; {packages}. Load before it began: "
        f"{machine.load:.1f}.\n\n"
        "Machines and moments differ: compare figures within the page, not with another's."
    )


def _targets(found: list[Verdict]) -> str:
    rows = [(v.target, v.measured, _SIGNS[v.met]) for v in found]
    return "## Targets\n\n" + table(("target", "measured", ""), rows)


def _costs(results: Results) -> str:
    effort = results.effort
    measured = [cost for cost in results.costs if cost.runs]
    rows = [_cost_row(cost, results.costs) for cost in measured]
    rows.append(_stated_row())
    rows += [
        (*_what(c.contender), f"not measured: {c.failure}", *[""] * 5)
        for c in results.costs
        if not c.runs
    ]
    rounds = "one round" if effort.rounds == 1 else f"the median of {effort.rounds} rounds"
    return (
        "## What a record costs\n\n"
        "CPU time, user and system, of the client's processes, seen from outside over "
        f"{effort.window_seconds:g} s in the middle of a run, divided by the user records that the "
        f"sink took meanwhile; {rounds}, which run everyone in turn. *Ours* makes, encodes, sends, "
        "and reads every entry of every answer; the others send posts made in advance. "
        "*× boto3* is how many times cheaper than plain `put_records` with posts of that size by "
        "that transport.\n\n"
        + table(
            (
                "client",
                "post B",
                "transport",
                "µs/record",
                "low–high",
                "records/CPU-s",
                "× boto3",
                "records/s",
                "sink's core",
            ),
            rows,
        )
        + "\n\n- *raw socket* sends finished requests and looks at nothing: the sink's ceiling."
        + "\n- *botocore, body ready* sends one finished body through botocore, 500 records "
        "a call, and reads no answer: the floor of whoever keeps botocore's signing and HTTP."
        "\n- *post B* is what was asked for; *ours* varies around it. aws_kinesis_agg and the KPL "
        "processor of async-kinesis were given 20 aggregates of 50 KB a call, as ours sends."
        "\n- Limits on the rate that the peers put on themselves were lifted."
        + _own_words(measured)
    )


def _own_words(measured: list[Cost]) -> str:
    """What the worker itself says it used, against what was seen."""
    ratios = [
        run.own_micros_per_record / run.micros_per_record
        for cost in measured
        for run in cost.runs
        if run.own_micros_per_record is not None
    ]
    if not ratios:
        return ""
    return (
        "\n- The worker's own count of its CPU time (`cpu_seconds` in its ledger, which covers its "
        f"start and end too) comes to {min(ratios):.2f}–{max(ratios):.2f} times what was seen from "
        "outside."
    )


def _cost_row(cost: Cost, costs: list[Cost]) -> tuple[str, ...]:
    who = cost.contender
    low, high = cost.extremes
    baseline = find(costs, name=BASELINE, post_bytes=who.post_bytes, tls=who.behaviour.tls)
    ratio = baseline.micros / cost.micros if baseline and who.role is not Role.CEILING else None
    return (
        *_what(who),
        f"{cost.micros:.2f}",
        f"{low:.2f}–{high:.2f}",
        f"{cost.records_per_cpu_second:,.0f}",
        "" if ratio is None else f"{ratio:.2f}",
        f"{cost.records_per_second:,.0f}",
        f"{cost.sink_share:.0%}",
    )


def _stated_row() -> tuple[str, ...]:
    return (
        "the AWS sample's worker: stated, not measured here",
        "591",
        "HTTP",
        f"{SAMPLES_WAY_MICROS:.0f}",
        "",
        f"{1e6 / SAMPLES_WAY_MICROS:,.0f}",
        *[""] * 3,
    )


def _what(contender: Contender) -> tuple[str, str, str]:
    transport = "TLS" if contender.behaviour.tls else "HTTP"
    return _who(contender), str(contender.post_bytes), transport


def _who(contender: Contender) -> str:
    name = f"**{contender.name}**" if contender.role is Role.OURS else contender.name
    return name if contender.processes == 1 else f"{name}, {contender.processes} processes"


def _holds(holds: list[Hold | NotHeld]) -> str:
    rows = [_hold_row(result) for result in holds if isinstance(result, Hold)]
    return (
        "## Pace, endurance, memory\n\n"
        "One worker against the sink; 300-byte posts. *due* is the pace times the seconds that the "
        "worker ran. *failed*: given up with a cause; *lost*: generated, and neither delivered nor "
        "failed; *missed*: due and never made. "
        "The *worst* windows are the largest deviation from the pace of any window, begun at every "
        "10 ms, with each request's records spread over the time since the request before; in "
        "brackets as they came, which is mostly the size of a request. CPU is all of the "
        "worker's processes, of one core. Latency is from the moment a record was due to its "
        "answer, by the ledger. Memory is the largest process's resident set.\n\n"
        + table(
            (
                "pace",
                "s",
                "due",
                "came",
                "failed",
                "lost",
                "missed",
                "worst 1 s",
                "worst 100 ms",
                "CPU",
                "sink's core",
                "ms p50",
                "ms p99",
                "MB at first",
                "MB at most",
            ),
            rows,
        )
        + "".join(
            f"\n\n{result.order.title}: limited, in its own words, by {result.limited_by}."
            for result in holds
            if isinstance(result, Hold) and result.limited_by
        )
    )


def _hold_row(result: Hold) -> tuple[str, ...]:
    run = result.run
    idle = result.order.rate == 0
    return (
        result.order.title,
        f"{run.seconds if idle else float(run.totals['seconds']):.1f}",
        "" if idle else f"{result.expected:,.0f}",
        f"{result.came:,}",
        f"{result.failed:,}",
        f"{result.lost:,}",
        f"{result.missed:,}",
        "" if idle else _worst(result.seconds_even),
        "" if idle else _worst(result.tenths_even),
        f"{result.cpu_share:.2%}",
        f"{run.sink_share:.1%}",
        _milliseconds(result.latency_ms("from_due", "p50")),
        _milliseconds(result.latency_ms("from_due", "p99")),
        f"{run.samples[0].rss / 1e6:.1f}",
        f"{result.peak_rss / 1e6:.1f}",
    )


def _milliseconds(latency: float | None) -> str:
    return "" if latency is None else f"{latency:.0f}"


def _worst(even: Evenness | None) -> str:
    if even is None:
        return ""
    return f"{even.worst_share:.2%} ({even.worst_as_come / even.expected:.1%})"


def _real(readings: list[Reading]) -> str:
    rows = [
        (
            r.title,
            f"{r.rate:,}",
            f"{r.delivered:,}",
            f"{r.found:,}",
            f"{r.missed:,}",
            f"{r.micros_per_record:.1f}",
        )
        for r in readings
        if r.failure is None
    ]
    return (
        "## Against the embedded AWS\n\n"
        "MiniStack keeps every record and can't take the sink's rates; the stream was read back "
        "whole, aggregates opened by AWS's own decoder (aws_kinesis_agg), and counted.\n\n"
        + table(
            (
                "sent",
                "records/s",
                "delivered by the ledger",
                "found in the stream",
                "missed",
                "µs/record",
            ),
            rows,
        )
    )


def _makings(makings: Sequence[Making]) -> str:
    post = next(making.middle for making in makings if making.name == POST)
    rows = [
        (m.name, f"{m.bytes_per_record:.0f}", f"{m.middle:.2f}", f"{m.middle / post:.2f}")
        for m in makings
    ]
    return (
        "## Records by a template\n\n"
        f"CPU time to make a record, without sending it, in batches of {BATCH}; the median of "
        f"{ROUNDS} rounds in which the makers take turns.\n\n"
        + table(("record", "bytes", "µs/record", "× a post"), rows)
    )
