"""docs/openapi.yaml and the deployed API, held against each other by requests that nobody wrote."""

from pathlib import Path

import yaml

from local.platform import LocalPlatform
from tests.e2e.fuzzing import DOCUMENT, answered, fuzzed, schemathesis

PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")
EXPECTED = {
    *{("POST", "/demo"), ("GET", "/demo"), ("GET", "/demo/{id}"), ("DELETE", "/demo/{id}")},
    ("GET", "/demo/{id}/metrics"),
}


def documented() -> dict[tuple[str, str], set[int]]:
    paths = yaml.safe_load(DOCUMENT.read_text())["paths"]
    return {
        (method.upper(), path.replace("demo_id", "id")): set(map(int, operation["responses"]))
        for path, item in paths.items()
        for method, operation in item.items()
        if "responses" in operation
    }


def test_no_request_gets_a_server_error_or_an_undocumented_answer(
    guarded: LocalPlatform, tmp_path: Path
) -> None:
    report = tmp_path / "report.ndjson"
    with fuzzed(guarded) as environment:
        ran = schemathesis(environment, report)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for phase in PHASES:
        assert phase in ran.stdout
    _, statuses = answered(report, guarded.api.base_url)
    allowed = documented()
    assert allowed.keys() == EXPECTED
    for operation, found in statuses.items():
        # To what it doesn't have, API Gateway says that a token is missing.
        assert found <= allowed.get(operation, {403}), operation
        assert max(found) < 500
    assert statuses["POST", "/demo"] >= {200, 201, 400, 403}
    assert statuses["GET", "/demo"] >= {200, 400, 403}
    assert statuses["GET", "/demo/{id}"] >= {200, 403, 404}
    assert statuses["GET", "/demo/{id}/metrics"] >= {200, 400, 403, 404}
    assert statuses["DELETE", "/demo/{id}"] >= {202, 403, 404}
