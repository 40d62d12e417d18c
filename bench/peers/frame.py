"""What all peers' processes share: the command line, the end by SIGTERM, the last word."""

from __future__ import annotations

import argparse
import json
import signal
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

REGION = "us-east-1"
STREAM = "social-media-stream"
LONGEST_SECONDS = 180
"""A peer whose benchmark is gone ends then."""


@dataclass
class Order:
    """What a peer has to do, until `over`."""

    post_bytes: int
    aggregated: bool
    over: bool = field(default=False)

    def end(self, *_: int | FrameType | None) -> None:
        self.over = True


def read_order() -> Order:
    """Read the command line; SIGTERM sets `over` from now on."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bytes", type=int, default=300, help="size of a post")
    parser.add_argument("--aggregated", action="store_true")
    arguments = parser.parse_args()
    order = Order(arguments.bytes, arguments.aggregated)
    signal.signal(signal.SIGTERM, order.end)
    signal.alarm(LONGEST_SECONDS)
    return order


def confirmed(answer: Any) -> int:
    """Entries that a PutRecords answer confirms."""
    return len(answer["Records"]) - int(answer["FailedRecordCount"])


def report(delivered: int) -> None:
    """Say what arrived, in user records."""
    print(json.dumps({"delivered": delivered}), flush=True)
