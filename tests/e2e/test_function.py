"""The zip that Lambda gets: small, whole, and quick to import at a cold start."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.platform import LocalPlatform
from local.stack import STAGE

MOST_BYTES = 5_000_000
MOST_OF_BOTO3 = 2.5
"""CPU, as a multiple of importing boto3 alone; it is 1.7."""
TRIES = 5
LAMBDAS_OWN = {
    "boto3",
    "botocore",
    "certifi",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six",
    "urllib3",
}
"""boto3 and what comes with it: Lambda's Python runtime has them."""
# In a process of its own: what importing the function costs, and what it brings along. Sources are
# compiled each time, as on Lambda, whose /var/task can't be written.
IMPORT = """
import json, resource, sys
def seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
sys.path.insert(0, sys.argv[1])
began, known = seconds(), set(sys.modules)
if sys.argv[2] == "app":
    import app
    assert app.app and app.lambda_handler
else:
    import boto3
cost = seconds() - began
new = {name.partition(".")[0] for name in set(sys.modules) - known} - sys.stdlib_module_names
print(json.dumps({"cpu": cost, "packages": sorted(new - {"__mp_main__"})}))
"""


@pytest.fixture
def package(platform: LocalPlatform) -> Path:
    """What Chalice uploaded for both functions."""
    deployments = platform.folder / "build" / STAGE / "api/.chalice/deployments"
    (package,) = deployments.glob("*.zip")
    return package


def imported(folder: Path, what: str = "app") -> tuple[float, set[str]]:
    """CPU seconds to import the function, or boto3; the packages besides Python's own."""
    ran = subprocess.run(
        [sys.executable, "-I", "-B", "-c", IMPORT, str(folder), what],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    result = json.loads(ran.stdout)
    return result["cpu"], set(result["packages"])


def test_the_zip_is_small_and_holds_no_boto3(package: Path) -> None:
    assert package.stat().st_size < MOST_BYTES
    names = zipfile.ZipFile(package).namelist()
    assert {name.partition("/")[0] for name in names} == {"app.py", "chalice", "chalicelib"}


def test_the_function_imports_only_itself_and_what_lambda_has(
    package: Path, tmp_path: Path
) -> None:
    zipfile.ZipFile(package).extractall(tmp_path)
    _, packages = imported(tmp_path)
    assert packages - LAMBDAS_OWN == {"app", "chalice", "chalicelib"}


def test_importing_the_function_costs_little_more_than_boto3_does(
    package: Path, tmp_path: Path
) -> None:
    """A limit, not a measurement: the least of a few tries of each, in turn."""
    zipfile.ZipFile(package).extractall(tmp_path)
    tries = [(imported(tmp_path)[0], imported(tmp_path, "boto3")[0]) for _ in range(TRIES)]
    function, boto3 = map(min, zip(*tries, strict=True))
    assert function < MOST_OF_BOTO3 * boto3
