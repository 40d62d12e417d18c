"""docs/openapi.yaml and the deployed API, held against each other by requests that nobody wrote."""

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.platform import LocalPlatform
from tests.e2e.identities import calling, user

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/openapi.yaml"
RUN_SECONDS = 240
EXPECTED = {
    *{("POST", "/demo"), ("GET", "/demo"), ("GET", "/demo/{id}"), ("DELETE", "/demo/{id}")},
    ("GET", "/demo/{id}/metrics"),
}


@pytest.fixture
def environment(guarded: LocalPlatform) -> Iterator[dict[str, str]]:
    """A user's who may call the API, while no task is run for the demos that are started."""
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


def schemathesis(environment: Mapping[str, str], report: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
            *("--config-file", str(ROOT / "tests/e2e/schemathesis.toml")),
            *("run", str(DOCUMENT), "--url", environment["KINESIS_DEMO_URL"]),
            *("--report", "ndjson", "--report-ndjson-path", str(report)),
        ],
        env=dict(environment),
        cwd=report.parent,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def statuses(report: Path, base: str) -> dict[tuple[str, str], set[int]]:
    """What each method of each path was answered, from schemathesis's report."""
    found = defaultdict(set)
    for exchange in exchanges(list(map(json.loads, report.read_text().splitlines()))):
        path = exchange["request"]["uri"].removeprefix(base).partition("?")[0]
        template = re.sub(r"^/demo/[^/]+(?=$|/metrics$)", "/demo/{id}", path)
        found[exchange["request"]["method"], template].add(exchange["response"]["status_code"])
    return found


def exchanges(node: Any) -> Iterator[Any]:
    """Every request that has an answer, wherever the report keeps it."""
    if isinstance(node, dict):
        if isinstance(node.get("response"), dict) and "uri" in (node.get("request") or {}):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from exchanges(child)


def documented() -> dict[tuple[str, str], set[int]]:
    paths = yaml.safe_load(DOCUMENT.read_text())["paths"]
    return {
        (method.upper(), path.replace("demo_id", "id")): set(map(int, operation["responses"]))
        for path, item in paths.items()
        for method, operation in item.items()
        if "responses" in operation
    }


def test_no_request_gets_a_server_error_or_an_undocumented_answer(
    environment: dict[str, str], tmp_path: Path
) -> None:
    report = tmp_path / "report.ndjson"
    ran = schemathesis(environment, report)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answered = statuses(report, environment["KINESIS_DEMO_URL"])
    allowed = documented()
    assert allowed.keys() == EXPECTED
    for operation, found in answered.items():
        # To what it doesn't have, API Gateway says that a token is missing.
        assert found <= allowed.get(operation, {403}), operation
        assert max(found) < 500
    assert answered["POST", "/demo"] >= {200, 201, 400, 403}
    assert answered["GET", "/demo"] >= {200, 400, 403}
    assert answered["GET", "/demo/{id}"] >= {200, 403, 404}
    assert answered["GET", "/demo/{id}/metrics"] >= {200, 400, 403, 404}
    assert answered["DELETE", "/demo/{id}"] >= {202, 403, 404}
