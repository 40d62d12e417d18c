"""The edge: `python -m worker` reads the environment, runs the pool and prints the ledger.

Exit code 0: all records are accounted for (the ledger, one JSON line on standard output, says
how); 2: the environment can't be read, and every bad variable is named on standard error.
"""

from __future__ import annotations

import json
import os
import sys
from uuid import uuid4

from worker import log
from worker.cpus import usable_cpus
from worker.errors import BadSettings
from worker.pipeline import Bounds
from worker.pool import Pool, PoolReport
from worker.publisher import CloudWatchPublisher, NoPublisher, Publisher, cloudwatch_client
from worker.scoreboard import Scoreboard
from worker.sender import KinesisSender, kinesis_client
from worker.settings import Settings, read_settings


def main() -> int:
    try:
        settings = read_settings(os.environ)
    except BadSettings as error:
        print(f"worker: {error}", file=sys.stderr)
        return 2
    scoreboard = Scoreboard.create(uuid4().hex[:8], settings.processes or usable_cpus())
    log.event(
        "started",
        pool=scoreboard.name,
        demo_id=settings.demo_id,
        phase=settings.phase,
        task_tps=float(settings.task_tps),
        processes=scoreboard.slots,
        ends_at=settings.phase_ends_at,
    )
    sender = KinesisSender(
        kinesis_client(settings.region, Bounds().max_in_flight), settings.stream_name
    )
    report = Pool(settings, scoreboard, sender, _publisher(settings)).run()
    print(json.dumps(_ledger_line(settings, report)), flush=True)
    scoreboard.remove()
    return 0


def _publisher(settings: Settings) -> Publisher:
    if not settings.metrics_enabled:
        return NoPublisher()
    return CloudWatchPublisher(
        cloudwatch_client(settings.region), settings.namespace, settings.demo_id, settings.phase
    )


def _ledger_line(settings: Settings, report: PoolReport) -> dict[str, object]:
    return {
        "event": "ledger",
        "demo_id": settings.demo_id,
        "phase": settings.phase,
        "pool": report.pool,
        **report.books.summary(),
        "missed": report.missed,
        "restarts": report.restarts,
        "seconds": round(report.seconds, 3),
        "producers": {name: books.summary() for name, books in report.producers.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
