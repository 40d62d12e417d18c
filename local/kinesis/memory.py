"""The bound on what the embedded Kinesis holds. Beyond it the oldest records go, as by age on AWS.

Who reads fast enough need not notice; who reads too late is told (local/kinesis/reading.py).
"""

from __future__ import annotations

from collections.abc import Collection

from local.kinesis.stream import ModelledStream
from worker import log

_WHY = "unread records took more than STREAM_MEMORY: more of it, or a slower sender, keeps them"


def keep_within(most_bytes: int, streams: Collection[ModelledStream]) -> None:
    """Have the fullest stream forget its oldest records while all hold more than they may."""
    while (held := sum(stream.held_bytes for stream in streams)) > most_bytes:
        fullest = max(streams, key=lambda stream: stream.held_bytes)
        records = fullest.shed(max(0, fullest.held_bytes - (held - most_bytes)))
        log.event("records_dropped", stream=fullest.name, records=records, why=_WHY)
