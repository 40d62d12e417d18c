"""The targets that issues 3 and 6 set, held against what was measured. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.contenders import BASELINE, Role
from bench.costs import Cost, find
from bench.holds import Hold, NotHeld
from bench.plan import SAMPLES_WAY_MICROS
from bench.results import Results
from bench.templates import Making, ratio

PLATEAU_SECONDS = 15.0
"""By then the buffer of refused records is full at 10,000/s."""
FLAT = 1.1
TEMPLATE_FACTOR = 3.0
_ENDURANCE = ("sustained", "100000", "30 ms", "300 ms")
_PACES = ("100", "1000", "10000", "50000", "50000 aggregated")


@dataclass(frozen=True)
class Verdict:
    """One target."""

    target: str
    measured: str
    met: bool | None
    """None: not measured in this run."""


def verdicts(results: Results) -> list[Verdict]:
    """Every target, in the order of the issues."""
    return [*_costs(results.costs), *_holds(results.holds), _template(results.makings)]


def _template(makings: Sequence[Making]) -> Verdict:
    target = f"a simple template: at most {TEMPLATE_FACTOR:g}× a post's making"
    times = ratio(makings)
    if times is None:
        return Verdict(target, "", None)
    return Verdict(target, f"{times:.2f}×", times <= TEMPLATE_FACTOR)


def _costs(costs: list[Cost]) -> list[Verdict]:
    baseline = find(costs, name=BASELINE)
    found = []
    for aggregated, factor, aim in ((False, 3.5, 5.0), (True, 6.0, 3.0)):
        what = "aggregated" if aggregated else "unaggregated"
        ours = find(costs, role=Role.OURS, aggregated=aggregated)
        over_tls = find(costs, role=Role.OURS, aggregated=aggregated, tls=True)
        found += [
            _ratio(f"{what}: ≥ {factor:g}× fewer CPU µs than plain boto3", baseline, ours, factor),
            _below(
                f"{what}: ≥ 30× fewer than the sample's (stated) {SAMPLES_WAY_MICROS:.0f} µs",
                ours,
                SAMPLES_WAY_MICROS / 30,
            ),
            _below(f"{what}: aim {aim:g} µs", ours, aim),
            _ratio(f"{what}: TLS within 20% of HTTP", over_tls, ours, 1.2, at_most=True),
        ]
    return found


def _ratio(
    target: str, other: Cost | None, ours: Cost | None, factor: float, *, at_most: bool = False
) -> Verdict:
    if other is None or ours is None:
        return Verdict(target, "", None)
    ratio = other.micros / ours.micros
    measured = f"{ratio:.2f}× ({ours.micros:.2f} and {other.micros:.2f} µs)"
    return Verdict(target, measured, ratio <= factor if at_most else ratio >= factor)


def _below(target: str, ours: Cost | None, limit: float) -> Verdict:
    if ours is None:
        return Verdict(target, "", None)
    return Verdict(target, f"{ours.micros:.2f} µs", ours.micros <= limit)


def _holds(holds: dict[str, Hold | NotHeld]) -> list[Verdict]:
    judgements = [
        *((key, "{} held, nothing lost or missed", _complete) for key in _ENDURANCE),
        ("1000", "{} by one process: under 3% of a core", _cpu_below(0.03)),
        ("idle", "{}: under 0.5% of a core", _cpu_below(0.005)),
        *((key, "{}: total exact", _complete) for key in _PACES),
        *((key, "{}: every 1 s within 1% or 2 records", _seconds_even) for key in _PACES),
        *((key, "{}: every 100 ms within 5%", _tenths_even) for key in _PACES[2:]),
        ("refused", "{}: memory flat, every record accounted for", _flat),
    ]
    return [_of(holds, key, target, judge) for key, target, judge in judgements]


Judgement = Callable[[Hold], tuple[str, bool]]


def _of(holds: dict[str, Hold | NotHeld], key: str, target: str, judge: Judgement) -> Verdict:
    result = holds.get(key)
    if result is None:
        return Verdict(target.format(key), "", None)
    text = target.format(result.order.title)
    if isinstance(result, NotHeld):
        return Verdict(text, f"failed: {result.failure}", met=False)
    return Verdict(text, *judge(result))


def _complete(result: Hold) -> tuple[str, bool]:
    words = (
        f"{result.came:,} came, {result.failed:,} failed, {result.lost:,} lost, "
        f"{result.missed:,} missed"
    )
    return words, result.exact and not (result.failed or result.lost or result.missed)


def _cpu_below(limit: float) -> Judgement:
    return lambda result: (f"{result.cpu_share:.2%} of a core", result.cpu_share < limit)


def _seconds_even(result: Hold) -> tuple[str, bool]:
    even = result.seconds_even
    if even is None:
        return "too short to tell", False
    return f"worst {even.worst_share:.2%}, {even.within:.1%} of windows within", even.within == 1


def _tenths_even(result: Hold) -> tuple[str, bool]:
    even = result.tenths_even
    if even is None:
        return "too short to tell", False
    return f"worst {even.worst_share:.2%}, {even.within:.1%} of windows within", even.within == 1


def _flat(result: Hold) -> tuple[str, bool]:
    late = [rss for second, rss in result.memory() if second >= PLATEAU_SECONDS]
    if not late:
        return "too short to tell", False
    totals = result.run.totals
    accounted = result.lost == 0 and totals["pending"] == 0
    words = (
        f"{late[0] / 1e6:.0f} MB after {PLATEAU_SECONDS:.0f} s, at most {max(late) / 1e6:.0f} MB; "
        f"{totals['generated']:,} generated, failed: {totals['failed_by_cause']}"
    )
    return words, accounted and max(late) <= FLAT * late[0]
