"""The house's rules, as far as a program can see them."""

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STDLIB = sys.stdlib_module_names
SHIPPED = {
    # What the worker's image and the Lambda's zip hold; anything else would fail to import there.
    "worker": {"worker", "boto3", "botocore", "orjson", "psutil", "faker"},
    "api": {"app", "chalicelib", "boto3", "botocore", "chalice"},
    "deployment": {"deployment", "chalicelib", "boto3", "botocore", "chalice", "yaml"},
    # What a checkout without a virtualenv needs: boto3 and nothing else.
    "client": {"client", "deployment", "reporting", "simulation", "boto3", "botocore"},
    # Imported where something is drawn or rendered, and missed with a word if they aren't there.
    "reporting": {"reporting", "matplotlib", "jinja2", "markupsafe"},
}
ONLY_TYPES = ("mypy_boto3_",)
PURE = [
    *(f"worker/{name}.py" for name in ("pacer", "collector", "retrier", "ledger", "generator")),
    *(f"worker/{name}.py" for name in ("pipeline", "settings", "record", "limits")),
    *(f"worker/{name}.py" for name in ("aggregator", "encoding", "histogram", "concurrency")),
    *(f"worker/{name}.py" for name in ("columns", "fakes", "templated")),
    *(f"worker/template/{name}.py" for name in ("functions", "lexer", "parser", "placeholders")),
    *(f"local/{name}.py" for name in ("proof", "timeline", "summary", "swagger")),
    *(f"local/{name}.py" for name in ("numbers", "table")),
    *(f"local/kinesis/{name}.py" for name in ("log", "stream", "operations", "requests")),
    *(f"local/kinesis/{name}.py" for name in ("listing", "tokens", "reading")),
    *(f"ondemand/{name}.py" for name in ("policy", "shards", "stream", "workload", "simulator")),
    *(f"ondemand/{name}.py" for name in ("traffic", "groups", "retrying", "senders")),
    *(f"simulation/{name}.py" for name in ("question", "answers", "price", "result")),
    *(f"deployment/{name}.py" for name in ("stage", "template", "spending")),
    *(f"api/chalicelib/{name}.py" for name in ("plan", "report", "names", "demo_state", "history")),
    *(f"api/chalicelib/{name}.py" for name in ("budget", "events", "stream_choice", "timeseries")),
    "api/chalicelib/record_choice.py",
    *(f"api/chalicelib/{name}.py" for name in ("cost", "usage", "prices")),
    *(
        f"client/{name}.py"
        for name in (
            "arguments",
            "board",
            "cost",
            "refusal",
            "series",
            "show",
            "simulated",
            "tables",
        )
    ),
    *(f"client/web/{name}.py" for name in ("guard", "workflow")),
    *(f"reporting/{name}.py" for name in ("canvas", "picture", "overlay", "seconds", "document")),
    *(f"reporting/{name}.py" for name in ("comparison",)),
]


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """The packages that a file imports, its own and those for type checkers left out."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    tops = {name.partition(".")[0] for name in found}
    return {top for top in tops if not top.startswith(ONLY_TYPES)}


@pytest.mark.parametrize("package", SHIPPED)
def test_a_package_imports_only_what_is_shipped_with_it(package: str) -> None:
    for path in sources(package):
        foreign = imported(path) - STDLIB - SHIPPED[package]
        assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"


@pytest.mark.parametrize("path", PURE)
def test_a_pure_module_does_no_io_and_knows_no_clock(path: str) -> None:
    impure = {"boto3", "botocore", "time", "os", "socket", "subprocess", "threading", "urllib3"}
    assert not imported(ROOT / path) & impure


def test_every_file_is_short_enough_to_read() -> None:
    files = [
        *sources(
            "worker",
            "api",
            "client",
            "deployment",
            "ondemand",
            "reporting",
            "simulation",
            "scans",
            "local",
            "bench",
            "tests",
        ),
        ROOT / "deploy.sh",
    ]
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in files}
    assert {path: n for path, n in lengths.items() if n >= 300} == {}


def test_the_image_holds_what_the_worker_needs() -> None:
    dockerfile = (ROOT / "worker/Dockerfile").read_text()
    copied = [line.split()[1] for line in dockerfile.splitlines() if line.startswith("COPY")]
    assert all((ROOT / path).exists() for path in copied)
    allowed = (ROOT / ".dockerignore").read_text().split()
    assert all(f"!{path}" in allowed for path in copied)
    installed = (ROOT / "requirements/worker.in").read_text()
    assert {"boto3", "faker", "orjson", "psutil"} == {
        line.partition("==")[0] for line in installed.splitlines() if "==" in line
    }
    assert "USER worker" in dockerfile
    assert 'ENTRYPOINT ["python", "-m", "worker"]' in dockerfile


def test_make_demo_installs_all_that_it_imports() -> None:
    """The tests' own packages lie in the same virtualenv, so running it here would not tell."""
    locked = (ROOT / "requirements/demo.txt").read_text().lower().splitlines()
    installed = {line.partition("==")[0].replace("_", "-") for line in locked if "==" in line}
    distributions = packages_distributions()
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"app", "chalicelib"}
    packages = ("worker", "api", "client", "deployment", "ondemand", "reporting", "simulation")
    foreign = set().union(*map(imported, sources(*packages, "local"))) - STDLIB - ours
    assert {
        name
        for name in foreign
        if not {d.lower().replace("_", "-") for d in distributions[name]} & installed
    } == set()
