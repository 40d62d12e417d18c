"""`kinesis-demo simulate`: what a stream will do with a traffic and what that costs, without AWS.

What is simulated comes from the command line as it would for `start`; the answer is one document,
which simulated.py words. The model needs numpy, which nothing else of the client does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from client import plans, simulated
from client.console import PLAIN_EVERY_SECONDS, Console
from reporting.libraries import libraries
from simulation.errors import BadQuestion

if TYPE_CHECKING:
    from simulation.question import Question
    from simulation.workloads import Workload

SHAPES = ("ramp", "sine", "spike", "sawtooth")
_WARM = "warm_throughput_mibps"


def add_arguments(to: argparse.ArgumentParser) -> None:
    """The options of the command."""
    what = to.add_mutually_exclusive_group()
    what.add_argument(
        "--plan", metavar="FILE|quick|full", help="a plan as start takes it (default: full)"
    )
    what.add_argument("--phases", metavar="TPS:SECONDS[:TASKS],…", help="the same, as start's")
    what.add_argument("--csv", type=Path, metavar="FILE", help="lines of second,records_per_second")
    what.add_argument("--shape", choices=SHAPES, help="between --low and --high for --seconds")
    what.add_argument(
        "--replay", type=Path, metavar="FILE", help="a demo that was run: its summary.json"
    )
    shape = to.add_argument_group("a shape")
    shape.add_argument("--low", type=float, default=100.0, help="records/s (default: 100)")
    shape.add_argument("--high", type=float, default=10_000.0, help="records/s (default: 10000)")
    shape.add_argument("--seconds", type=int, default=600, help="how long (default: 600)")
    shape.add_argument("--period", type=int, default=120, help="of sine, sawtooth (default: 120 s)")
    _add_stream(to.add_argument_group("the stream and its records"))
    told = to.add_argument_group("the answer")
    told.add_argument(
        "--every", type=int, metavar="SECONDS", help="a line for so many (default: 40 lines)"
    )
    told.add_argument("--plot", type=Path, metavar="FILE", help="also draw it: .svg or .png")


def _add_stream(to: Any) -> None:
    to.add_argument(
        "--warm-throughput", type=int, metavar="MIBPS", help="MiB/s taken from the start"
    )
    to.add_argument("--record-bytes", type=int, help="of a record with its key (default: 420)")
    to.add_argument("--aggregation", choices=("on", "off"), default="off", help="as the KPL does")
    to.add_argument(
        "--keys",
        metavar="NUMBER|even",
        help="partition keys, equally busy (default: 1024, as the posts); even: without end",
    )
    to.add_argument(
        "--hot-share", type=float, help="of the records, what one more key has (0 to 1)"
    )
    to.add_argument("--time-scale", type=float, help="how much faster than AWS the stream reacts")
    to.add_argument("--task-start", type=float, metavar="SECONDS", help="until tasks send (20)")
    to.add_argument("--task-capacity", type=float, metavar="TPS", help="records/s a task (1000)")


def document(arguments: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Simulate what the command line says. Raises BadPlan, BadQuestion, LibraryMissing, OSError."""
    with libraries("simulate needs", "numpy, and matplotlib for --plot"):
        from simulation import result

        question, workload = _asked(arguments)
        _check_every(arguments.every)
        form = _form(arguments.plot)
        tell = _Patience(console)
        seconds = len(workload.seconds)
        found = result.run(
            workload, question, lambda second: tell(f"simulating second {second:,} of {seconds:,}")
        )
        tell("looking for the capacity that throttles nothing")
        answer = found.document()
        if form is not None:
            from simulation.plot import picture

            arguments.plot.write_bytes(picture(found, form))
    return answer


def lines(arguments: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    """The answer for a terminal."""
    drawn = [f"drawn: {arguments.plot}"] if arguments.plot else []
    return [*simulated.told(answer, arguments.every), *drawn]


def _asked(arguments: argparse.Namespace) -> tuple[Question, Workload]:
    from simulation import question, workloads

    body = _body(arguments)
    asked = question.read(
        {
            "region": arguments.region,
            "warm_mibps": arguments.warm_throughput or body.pop(_WARM, None),
            "record_bytes": arguments.record_bytes,
            "aggregated": arguments.aggregation == "on",
            "keys": arguments.keys,
            "hot_share": arguments.hot_share,
            "time_scale": arguments.time_scale,
            "task_start_seconds": arguments.task_start,
            "task_records_per_second": arguments.task_capacity,
        }
    )
    others: dict[str, Callable[[], Workload]] = {
        "csv": lambda: workloads.of_csv(arguments.csv),
        "replay": lambda: workloads.of_summary(arguments.replay),
        "shape": lambda: workloads.of_shape(
            arguments.shape, arguments.low, arguments.high, arguments.seconds, arguments.period
        ),
    }
    chosen = next((make for name, make in others.items() if getattr(arguments, name)), None)
    return asked, chosen() if chosen else workloads.of_plan(body, asked)


def _body(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.phases:
        return {"phases": plans.read_phases(arguments.phases)}
    return dict(plans.read_plan(arguments.plan or "full"))


def _check_every(every: int | None) -> None:
    if every is not None and every < 1:
        raise BadQuestion(f"--every is {every}: give 1 or more seconds a line")


def _form(plot: Path | None) -> Any:
    """As what it is to be drawn; None if it isn't. Raises BadQuestion."""
    form = None if plot is None else plot.suffix.removeprefix(".").lower()
    if form not in (None, "svg", "png"):
        raise BadQuestion(f"--plot {plot}: give a file that ends in .svg or .png")
    return form


class _Patience:
    """Shows progress once it is worth it: after two seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        if time.monotonic() - self._began > PLAIN_EVERY_SECONDS:
            self._console.progress(text)
