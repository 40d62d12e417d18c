"""The embedded stack holds by bytes what was not read yet: a short run of what `make soak` does."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.follower import Follower, FollowerEnded
from local.kinesis.settings import settings_of
from local.proof import prove, tally_stream
from local.reader import Gone, Post, read_stream
from local.stack import EmbeddedStack
from tests.clients import client_of, new_stream
from tests.e2e.demos import PATIENCE_SECONDS

MEMORY_MIB = 16
RECORD_BYTES = 2_000
BATCH = 2_500
"""Records of some 7 MiB, as they are held."""
BATCHES = 4
"""All together more than may be held."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    settings = settings_of("off", "1", str(MEMORY_MIB))
    with EmbeddedStack(tmp_path_factory.mktemp("bounded"), settings) as running:
        yield running


@pytest.fixture
def kinesis(stack: EmbeddedStack) -> Any:
    return client_of(stack, "kinesis")


@pytest.fixture
def stream(kinesis: Any, request: pytest.FixtureRequest) -> str:
    return new_stream(kinesis, request.node.name)


def send(kinesis: Any, stream: str, batch: int) -> None:
    numbers = range(batch * BATCH, (batch + 1) * BATCH)
    for start in range(0, BATCH, 500):
        entries = [
            {"Data": post(n), "PartitionKey": f"key-{n}"} for n in numbers[start : start + 500]
        ]
        assert kinesis.put_records(StreamName=stream, Records=entries)["FailedRecordCount"] == 0


def post(number: int) -> bytes:
    fields = {"demo_id": "d", "phase": 1, "producer": "p-0", "sequence": number}
    return json.dumps(fields).encode().ljust(RECORD_BYTES)


def in_stream(kinesis: Any, stream: str) -> int:
    """Records that are still there, as anybody else sees it."""
    return sum(isinstance(found, Post) for found in read_stream(kinesis, stream))


def follower(stack: EmbeddedStack, stream: str, folder: Path) -> Follower:
    return Follower(stack.client_environment, stream, "d", folder / "reader.log")


def test_what_the_follower_has_read_makes_room_and_the_proof_is_whole(
    stack: EmbeddedStack, kinesis: Any, stream: str, tmp_path: Path
) -> None:
    with follower(stack, stream, tmp_path) as reading:
        for batch in range(BATCHES):
            send(kinesis, stream, batch)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while in_stream(kinesis, stream) > 0:
                reading.check()
                assert time.monotonic() < deadline, "what was read is still held"
                time.sleep(0.1)
        told: list[int] = []
        proof = prove({"p-0": BATCHES * BATCH}, reading.finish(told.append))
    assert (proof.lost, proof.duplicates, proof.foreign, proof.unseen) == (0, 0, 0, 0)
    assert told[-1] == proof.delivered == BATCHES * BATCH


def test_what_nobody_reads_is_bounded_and_a_late_proof_cant_tell(
    stack: EmbeddedStack, kinesis: Any, stream: str
) -> None:
    for batch in range(BATCHES):
        send(kinesis, stream, batch)
    found = list(read_stream(kinesis, stream))
    there = [record for record in found if isinstance(record, Post)]
    gone = sum(record.records for record in found if isinstance(record, Gone))
    held = len(there) * RECORD_BYTES * 4 / 3
    assert 0.6 * MEMORY_MIB < held / 2**20 < MEMORY_MIB
    assert len(there) + gone == BATCHES * BATCH
    # The newest are there, as after a retention period.
    assert max(post.sequence for post in there) == BATCHES * BATCH - 1
    proof = prove({"p-0": BATCHES * BATCH}, tally_stream("d", found))
    assert (proof.lost, proof.duplicates, proof.unseen) == (None, None, gone)
    assert "records_dropped" in stack.log.read_text()


@pytest.mark.parametrize("dead_when_asked", [True, False])
def test_a_follower_that_is_gone_is_no_proof(
    stack: EmbeddedStack, stream: str, tmp_path: Path, dead_when_asked: bool
) -> None:
    with follower(stack, stream, tmp_path) as reading:
        reading.check()
        if dead_when_asked:
            reading._process.kill()
            reading._process.wait()
        else:
            reading._process.send_signal(signal.SIGSTOP)
            threading.Timer(0.5, reading._process.kill).start()
        with pytest.raises(
            FollowerEnded, match=r"ended with -9.*nothing can be proven.*reader\.log"
        ):
            reading.finish(lambda _: None)
        with pytest.raises(FollowerEnded):
            reading.check()
    with pytest.raises(FollowerEnded), follower(stack, "no-such-stream", tmp_path) as reading:
        reading.finish(lambda _: None)
    assert "ResourceNotFoundException" in (tmp_path / "reader.log").read_text()
