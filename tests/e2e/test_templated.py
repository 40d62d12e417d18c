"""A worker with records by a template against the embedded data plane: what was made is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from local.proof import prove, tally_stream
from local.reader import read_stream
from local.stack import EmbeddedStack
from tests.clients import client_of
from tests.e2e.demos import wait_until
from tests.workers import ROOT, Worker
from worker.aggregator import MAGIC

TPS = 600
WITHOUT_AN_ID = """{
  "template": {"user": {"id": "u-{{integer 1 40}}"}, "n": {{sequence}}, "who": {{faker.name}}},
  "partition_key": "{{field user.id}}"
}"""


def _worker(stack: EmbeddedStack, folder: Path, name: str, **settings: str) -> Worker:
    own = folder / name
    own.mkdir()
    shared = {"DEMO_ID": "demo-a", "DEMO_PHASE": 3, "TARGET_TPS": TPS, "WORKER_PROCESSES": 2}
    return Worker(stack.client_environment, own, {**shared, "STREAM_NAME": name, **settings})


def test_every_record_by_a_template_is_found_by_its_own_id(tmp_path: Path) -> None:
    """One by one with an id that the worker adds, and in aggregates with one that is placed."""
    placed = (ROOT / "docs/sensor.template.json").read_text()
    with EmbeddedStack(tmp_path / "stack", {"ON_DEMAND_MODEL": "on", "TIME_SCALE": "1"}) as stack:
        kinesis = client_of(stack, "kinesis")
        ways = {"one-by-one": ("off", WITHOUT_AN_ID), "aggregated": ("on", placed)}
        for name in ways:
            kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
        workers = {
            name: _worker(stack, tmp_path, name, AGGREGATION=aggregation, RECORD_TEMPLATE=template)
            for name, (aggregation, template) in ways.items()
        }
        everyone = workers.values()
        wait_until("records", lambda: all(w.books().delivered > TPS for w in everyone))
        for name, worker in workers.items():
            worker.stop()
            ledger = worker.ledger()
            generated = {who: books["generated"] for who, books in ledger["producers"].items()}
            tally = tally_stream("demo-a", read_stream(kinesis, name))
            proof = prove(generated, tally)
            assert proof.generated == proof.delivered == ledger["delivered"]
            assert proof.generated > TPS
            assert (proof.lost, proof.duplicates, proof.foreign) == (0, 0, 0)
            assert tally.arrivals.keys() == {3}
        for record in _all(kinesis, "one-by-one"):
            fields = json.loads(record["Data"])
            assert list(fields) == ["user", "n", "who", "_demo"]
            assert record["PartitionKey"] == fields["user"]["id"]
            assert int(fields["_demo"].rpartition(":")[2]) == fields["n"]
        packed = _all(kinesis, "aggregated")
        assert any(record["Data"].startswith(MAGIC) for record in packed)


def test_a_bad_template_ends_the_worker_with_a_line_that_says_where(tmp_path: Path) -> None:
    worker = subprocess.run(
        [sys.executable, "-m", "worker"],
        cwd=ROOT,
        env={"RECORD_TEMPLATE": '{"template": {"a": {{eval "1"}}}}', "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert worker.returncode == 2
    said = "worker: RECORD_TEMPLATE, line 1, column 20: there is no function 'eval': "
    assert worker.stderr.startswith(said)


def _all(kinesis: Any, stream: str) -> list[Any]:
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += kinesis.get_records(ShardIterator=iterator)["Records"]
    return found
