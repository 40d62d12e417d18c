"""One platform for all end-to-end tests: demos don't disturb each other, so they can share it."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.console import Console
from local.platform import LocalPlatform
from tests.e2e.identities import allow_ecs_as_ministack_asks


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    folder: Path = tmp_path_factory.mktemp("platform")
    with LocalPlatform(folder, Console(io.StringIO())) as up:
        yield up


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """A platform whose AWS checks every signature and policy (MiniStack's AUTH=true)."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    with LocalPlatform(folder, Console(io.StringIO()), settings={"AUTH": "true"}) as up:
        allow_ecs_as_ministack_asks(up)
        yield up
