"""`make soak`: the whole system for minutes at one pace: does anything grow, drift or slow down?

A demo whose third phase lasts so long runs as in `make demo`: agent, tasks, metrics, functions and
the reader that proves it. Every process is sampled once a second; what is judged begins when
three tenths of the phase are over, three minutes at the most. Exit code 0 if every bound held, 1 if
one is crossed or the run can't be judged, 130 if it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from client.console import Console
from local.demo import run_demo
from local.edge import EXPECTED, INTERRUPTED, forget_other_aws, interrupt_on_sigterm, scratch
from local.kinesis.settings import settings_of
from local.platform import LocalPlatform
from local.summary import Summary
from tests.chaos.record import Row, append
from tests.soak.judging import Window, judge
from tests.soak.report import lines, write
from tests.soak.sampling import Sampler

ROOT = Path(__file__).resolve().parents[2]
PHASE = 3
STREAM_MEMORY = "256"
"""MiB for the stream's records: three million of them would take ten times as much."""
TIME_SCALE = "180"
LEAST_SECONDS, MOST_SECONDS = 30, 3_500
WARM_UP_SECONDS = 180
"""Until then caches fill and the allocator gets what it will use again, less and less. The bounds
on memory are those of ten minutes: a run of one or two will be found to grow."""


class NotJudged(Exception):
    """The run didn't get as far as what is judged."""


def main() -> int:
    arguments = _arguments()
    console = Console()
    interrupt_on_sigterm()
    forget_other_aws()
    try:
        return soak(arguments.seconds, arguments.tps, arguments.reports, console)
    except (*EXPECTED, NotJudged) as error:
        console.say(console.bad(f"error: {error}"))
        return 1
    except KeyboardInterrupt:
        console.say("interrupted; everything that was started has been ended")
        return INTERRUPTED


def soak(seconds: int, tps: int, reports: Path, console: Console) -> int:
    """Run it, tell what came of it, and write it down."""
    folder = reports / f"soak-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    folder.mkdir(parents=True)
    model = settings_of("on", TIME_SCALE, STREAM_MEMORY)
    console.say(f"{tps:,} records/s for {seconds:,} s; samples go to {folder}")
    with (
        scratch("kinesis-soak-", console) as kept,
        LocalPlatform(kept, console, settings=model) as platform,
        Sampler(folder / "samples.csv") as sampler,
    ):
        summary = run_demo(platform, plan(seconds, tps), console)
    samples = sampler.samples()
    verdict = judge(samples, summary.arrivals, tps, window_of(summary))
    write(folder, samples, summary, verdict)
    for line in lines(summary, verdict):
        console.say(line)
    problems = [*summary.complaints(), *_repetitions(summary), *verdict.problems]
    for problem in problems:
        console.say(console.bad(problem))
    _record(summary, seconds, tps)
    console.say(f"report: {folder}")
    console.say(console.bad("soak FAILED") if problems else console.good("soak held every bound"))
    return 1 if problems else 0


def plan(seconds: int, tps: int) -> dict[str, Any]:
    """The stream is led to the pace before the phase that is judged."""
    phases = ((100, 2), (tps, 10), (tps, seconds), (100, 2))
    return {"phases": [{"target_tps": t, "duration_seconds": s} for t, s in phases]}


def window_of(summary: Summary) -> Window:
    """The judged part: the long phase without its beginning and its last second.

    Raises NotJudged.
    """
    phase = summary.phases[PHASE - 1]
    if phase.started_at is None or phase.ends_at is None:
        raise NotJudged(f"phase {PHASE} never began; {'; '.join(summary.complaints())}")
    begin = datetime.fromisoformat(phase.started_at).timestamp()
    end = datetime.fromisoformat(phase.ends_at).timestamp()
    return Window(round(begin + min(WARM_UP_SECONDS, 0.3 * (end - begin))), int(end) - 1)


def _repetitions(summary: Summary) -> list[str]:
    return [f"{summary.duplicates:,} records are twice in the stream"] if summary.duplicates else []


def _record(summary: Summary, seconds: int, tps: int) -> None:
    """A row for docs/reliability.md, unless the stream couldn't tell."""
    if summary.lost is None or summary.duplicates is None:
        return
    row = Row(
        fault=f"none, for {seconds:,} s at {tps:,} records/s",
        where="the whole system",
        times=0,
        records=summary.generated,
        delivered=summary.acknowledged,
        failed=summary.failed,
        lost=summary.lost,
        duplicates=summary.duplicates,
        command=f"make soak SECONDS={seconds} TPS={tps}",
    )
    append(row)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=_seconds, default=600)
    parser.add_argument("--tps", type=int, default=5_000, help="records/s")
    parser.add_argument("--reports", type=Path, default=ROOT / "reports")
    return parser.parse_args()


def _seconds(text: str) -> int:
    seconds = int(text)
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"give {LEAST_SECONDS} to {MOST_SECONDS}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
