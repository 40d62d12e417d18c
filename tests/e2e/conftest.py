"""One platform for all end-to-end tests: demos don't disturb each other, so they can share it."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.console import Console
from local.platform import LocalPlatform


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    folder: Path = tmp_path_factory.mktemp("platform")
    with LocalPlatform(folder, Console(io.StringIO())) as up:
        yield up
