"""schemathesis as a program against a platform that checks signatures, and what it was answered."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.platform import LocalPlatform
from tests.e2e.identities import calling, user

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/openapi.yaml"
RUN_SECONDS = 800


@contextmanager
def fuzzed(guarded: LocalPlatform) -> Iterator[dict[str, str]]:
    """The environment of a user who may call the API; no task is run for demos started meanwhile.

    None of them may run at the end.
    """
    signer = user(guarded.stack, "schemathesis", ["*"])
    key = signer.credentials
    guarded.stop_agent()
    yield {
        **guarded.stack.client_environment,
        "AWS_ACCESS_KEY_ID": str(key.access_key),
        "AWS_SECRET_ACCESS_KEY": str(key.secret_key),
        "AWS_SESSION_TOKEN": "",  # a user's key has none
        "KINESIS_DEMO_URL": guarded.api.base_url,
        "SCHEMATHESIS_HOOKS": "tests.e2e.openapi_hooks",
        "PYTHONPATH": str(ROOT),
    }
    guarded.start_agent()
    running = [d for d in calling(guarded, signer).list(100)["demos"] if d["status"] == "RUNNING"]
    assert running == []


def schemathesis(
    environment: Mapping[str, str], report: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """A run by schemathesis.toml; `arguments` go before what that says."""
    return subprocess.run(
        [
            *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
            *("--config-file", str(ROOT / "tests/e2e/schemathesis.toml")),
            *("run", str(DOCUMENT), "--url", environment["KINESIS_DEMO_URL"]),
            *("--report", "ndjson", "--report-ndjson-path", str(report)),
            *arguments,
        ],
        env=dict(environment),
        cwd=report.parent,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def answered(report: Path, base: str) -> tuple[int, dict[tuple[str, str], set[int]]]:
    """How many answers there were, and what each method of each path was answered."""
    found = defaultdict(set)
    count = 0
    for exchange in exchanges(list(map(json.loads, report.read_text().splitlines()))):
        path = exchange["request"]["uri"].removeprefix(base).partition("?")[0]
        template = re.sub(r"^/demo/[^/]+(?=$|/metrics$)", "/demo/{id}", path)
        found[exchange["request"]["method"], template].add(exchange["response"]["status_code"])
        count += 1
    return count, found


def exchanges(node: Any) -> Iterator[Any]:
    """Every request that has an answer, wherever the report keeps it."""
    if isinstance(node, dict):
        if isinstance(node.get("response"), dict) and "uri" in (node.get("request") or {}):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from exchanges(child)
