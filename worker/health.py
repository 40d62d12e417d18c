"""The container's health check: `python -m worker.health` tells a live pool from a dead one.

Healthy is: a pool's process lives, and each of its producers has stepped within 15 seconds. Exit
code 0 or 1, as Docker and ECS want it, and one line that says why.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

import psutil

from worker.errors import BrokenScoreboard
from worker.pacer import NS
from worker.scoreboard import Scoreboard

LONGEST_SILENCE_NS = 15 * NS


def diagnosis(boards: Iterable[Scoreboard], now_ns: int) -> str | None:
    """Return what is wrong with the pools that live on this machine, None if nothing is."""
    living = [board for board in boards if psutil.pid_exists(board.pool_pid)]
    if not living:
        return "no pool is running"
    silent = [
        board.producer(slot)
        for board in living
        for slot in range(board.slots)
        if now_ns - board.heartbeat_ns(slot) > LONGEST_SILENCE_NS
    ]
    if silent:
        return f"no sign of life for {LONGEST_SILENCE_NS // NS} s from {', '.join(silent)}"
    return None


def main() -> int:
    try:
        boards = [Scoreboard.open(path) for path in Scoreboard.find()]
    except BrokenScoreboard as error:
        print(f"unhealthy: {error}")
        return 1
    problem = diagnosis(boards, time.monotonic_ns())
    print(f"unhealthy: {problem}" if problem else "healthy")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
