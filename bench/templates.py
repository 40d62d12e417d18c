"""Section *template*: what it costs to make a record by a user's template, beside a post.

Nothing is sent here, so the makers can be compared alone: in one process, in turn, by CPU time, in
batches as the worker makes them. A ratio within one run, as everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from worker import fakes
from worker.generator import Generator, Origin
from worker.pipeline import Source
from worker.producer import RECORDS_PER_TICK
from worker.template import parse
from worker.templated import TemplateGenerator

BATCH = RECORDS_PER_TICK
"""Records: what a step makes at up to 10,000/s; at higher rates it makes more at once, which is
cheaper by the piece, for a template more so than for posts."""
_STEP_NS = 20_000
ROUNDS = 21
BATCHES = 400
"""In a round, of each."""
SIMPLE = """{
  "template": {
    "id": "{{uuid}}", "user_id": "user-{{integer 1 1000}}", "status": "{{choice [ok, late, lost]}}",
    "celsius": {{normal 20 2.5}}, "at": "{{now}}", "n": {{sequence}}, "note": "{{text 120}}"
  },
  "partition_key": "{{field user_id}}"
}"""
_EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "sensor.template.json"
_ORIGIN = Origin("demo-20261125-071500-ab12", 2, "0a1b2c3d-0")
POST, SIMPLE_NAME = "a post (built in)", "a simple template"


@dataclass(frozen=True)
class Making:
    """What one maker's records cost, by round."""

    name: str
    micros: Sequence[float]
    """CPU microseconds a record."""
    bytes_per_record: float

    @property
    def middle(self) -> float:
        return median(self.micros)


def measure_templates(say: Callable[[str], None]) -> list[Making]:
    """Measure the built-in posts, a simple template, and the documented one if Faker is there."""
    makers: dict[str, Source] = {POST: Generator(_ORIGIN, time.time_ns(), seed=7)}
    makers[SIMPLE_NAME] = _by_template(SIMPLE)
    if fakes.available():
        makers["docs/sensor.template.json"] = _by_template(_EXAMPLE.read_text())
    dues = range(0, BATCH * _STEP_NS, _STEP_NS)
    sizes = {name: fmean(len(r.data) for r in maker.posts(dues)) for name, maker in makers.items()}
    rounds: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name, maker in makers.items():
            rounds[name].append(_round(maker, dues))
    found = [Making(name, rounds[name], sizes[name]) for name in makers]
    for making in found:
        say(f"template  {making.name:<44} {making.middle:8.2f} µs a record")
    return found


def ratio(makings: Sequence[Making]) -> float | None:
    """How many times a post's cost the simple template's is; None where not measured."""
    by_name = {making.name: making.middle for making in makings}
    if not by_name:
        return None
    return by_name[SIMPLE_NAME] / by_name[POST]


def _by_template(text: str) -> TemplateGenerator:
    return TemplateGenerator(parse(text), _ORIGIN, time.time_ns(), seed=7)


def _round(maker: Source, dues: Sequence[int]) -> float:
    started = time.process_time_ns()
    for _ in range(BATCHES):
        maker.posts(dues)
    return (time.process_time_ns() - started) / 1_000 / BATCHES / len(dues)
