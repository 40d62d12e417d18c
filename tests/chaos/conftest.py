"""One embedded AWS for the faults between worker and Kinesis; each test has a stream of its own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import EmbeddedStack
from tests.chaos.entries import NONE, EntryFaults
from tests.chaos.proxy import FaultProxy
from tests.chaos.site import Site, kinesis_of


@pytest.fixture(scope="session")
def kinesis_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("kinesis")) as running:
        yield running


@pytest.fixture
def site(
    kinesis_stack: EmbeddedStack, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Site]:
    name = re.sub(r"[^\w.-]", "-", str(request.node.name))[:100]
    there = Site(kinesis_stack, tmp_path, name)
    yield there
    there.close()


@pytest.fixture(scope="session")
def shared_proxy(
    kinesis_stack: EmbeddedStack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FaultProxy]:
    with FaultProxy(kinesis_stack.endpoint, tmp_path_factory.mktemp("proxy")) as running:
        # It reads botocore's models at the first request, which takes seconds.
        kinesis_of(kinesis_stack, running.endpoint).list_streams()
        yield running


@pytest.fixture
def proxy(shared_proxy: FaultProxy) -> Iterator[FaultProxy]:
    """microburst, without rules."""
    shared_proxy.rules()
    yield shared_proxy
    shared_proxy.rules()


@pytest.fixture(scope="session")
def shared_entries(
    kinesis_stack: EmbeddedStack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EntryFaults]:
    with EntryFaults(kinesis_stack.endpoint, tmp_path_factory.mktemp("entries")) as running:
        yield running


@pytest.fixture
def entries(shared_entries: EntryFaults) -> EntryFaults:
    """Faults in single entries: none, and none counted."""
    shared_entries.set(NONE)
    return shared_entries
