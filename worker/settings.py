"""A worker's configuration: environment variables and nothing else, read once, at the edge.

Every variable that can't be read is named in one error, so that a broken task definition is
mended in one go. Defaults are those of docs/architecture.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from worker import fakes
from worker.contract import CONTROLLER_MODE, WORKER_NAMESPACE, Env
from worker.errors import BadSettings
from worker.generator import DEFAULT_SIZE
from worker.template import BadTemplate, Template, parse

MOST_PER_SECOND = 1e9
"""Records; more than any stream takes."""
FAR_FUTURE = 1e11
"""Epoch seconds, some three thousand years from now."""


@dataclass(frozen=True)
class Settings:
    """One task's share of one phase."""

    demo_id: str
    phase: int
    target_tps: Fraction | None
    """Records per second of the whole phase, all tasks together; None: as many as go (`max`)."""
    task_count: int
    phase_ends_at: float | None
    """Epoch seconds; the worker stops sending then, whatever became of the workflow."""
    stream_name: str
    region: str
    processes: int | None
    """Pool size; None: as many as this task may use CPUs."""
    namespace: str
    publish_interval: float
    """Seconds between two publications of metrics."""
    metrics_enabled: bool
    aggregation: bool
    """Pack user records into KPL aggregates."""
    post_bytes: int
    """About how long a post is."""
    record_template: Template | None
    """What to send instead of posts."""

    @property
    def task_tps(self) -> Fraction | None:
        """This task's pace: an exact fraction, so that no rounding is lost between tasks."""
        return None if self.target_tps is None else self.target_tps / self.task_count


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings in `environ`; raise BadSettings naming every variable that is wrong."""
    reader = _Reader(environ)
    reader.one_of(Env.CONTROLLER_MODE, (CONTROLLER_MODE,), CONTROLLER_MODE)
    settings = Settings(
        demo_id=reader.text(Env.DEMO_ID, "local"),
        phase=reader.whole(Env.DEMO_PHASE, 1, 4) or 1,
        target_tps=reader.rate(Env.TARGET_TPS, Fraction(100)),
        task_count=reader.whole(Env.TASK_COUNT, 1) or 1,
        phase_ends_at=reader.number(Env.PHASE_ENDS_AT, None),
        stream_name=reader.text(Env.STREAM_NAME, "social-media-stream"),
        region=reader.text(Env.AWS_REGION, "us-east-1"),
        processes=reader.whole(Env.WORKER_PROCESSES, 1),
        namespace=reader.text(Env.CLOUDWATCH_NAMESPACE, WORKER_NAMESPACE),
        publish_interval=reader.number(Env.METRICS_PUBLISH_INTERVAL, 10.0, above=0.0) or 10.0,
        metrics_enabled=reader.one_of(Env.ENABLE_CLOUDWATCH_METRICS, ("true", "false"), "true")
        == "true",
        aggregation=reader.one_of(Env.AGGREGATION, ("off", "on"), "off") == "on",
        post_bytes=reader.whole(Env.POST_BYTES, 300, 600) or DEFAULT_SIZE,
        record_template=reader.template(Env.RECORD_TEMPLATE),
    )
    if reader.problems:
        raise BadSettings(tuple(reader.problems))
    return settings


class _Reader:
    """Reads variables one by one and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: Env, default: str) -> str:
        return self._environ.get(name, "").strip() or default

    def one_of(self, name: Env, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default).lower()
        if value not in allowed:
            self._complain(name, " or ".join(allowed))
        return value

    def whole(self, name: Env, least: int, most: int | None = None) -> int | None:
        value = self.text(name, "")
        if not value:
            return None
        wanted = f"a whole number from {least}" + (f" to {most}" if most is not None else "")
        try:
            number = int(value)
        except ValueError:
            self._complain(name, wanted)
            return None
        if number < least or (most is not None and number > most):
            self._complain(name, wanted)
            return None
        return number

    def number(self, name: Env, default: float | None, above: float = -math.inf) -> float | None:
        value = self.text(name, "")
        if not value:
            return default
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and above < number < FAR_FUTURE):
            wanted = "a number" if above == -math.inf else f"a number above {above:g}"
            self._complain(name, wanted)
            return None
        return number

    def rate(self, name: Env, default: Fraction) -> Fraction | None:
        value = self.text(name, "").lower()
        if not value:
            return default
        if value == "max":
            return None
        try:
            sane = 0 <= float(value) <= MOST_PER_SECOND
            rate = Fraction(value) if sane else Fraction(-1)
        except ValueError:
            rate = Fraction(-1)
        if rate < 0:
            self._complain(name, "records per second, a number from 0, or max")
            return default
        return rate

    def template(self, name: Env) -> Template | None:
        text = self._environ.get(name, "")
        if not text.strip():
            return None
        try:
            template = parse(text)
        except BadTemplate as error:
            self.problems += [f"{name}, {problem}" for problem in error.problems]
            return None
        if template.providers and not fakes.available():
            wanted = ", ".join(f"faker.{provider}" for provider in template.providers)
            self.problems.append(
                f"{name} uses {wanted}, and Faker is not installed: pip install faker, or use "
                "choice and text instead"
            )
        return template

    def _complain(self, name: Env, wanted: str) -> None:
        self.problems.append(f"{name}={self._environ[name]!r} is not {wanted}")
