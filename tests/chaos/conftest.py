"""One embedded AWS for the faults between worker and Kinesis; each test has a stream of its own.

And one whole platform for the faults of the control plane, whose demos share its stream.
"""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from client.console import Console
from local.platform import LocalPlatform
from local.stack import EmbeddedStack
from tests.chaos.control import Controlled, hasten_retries, lead_through
from tests.chaos.entries import NONE, EntryFaults
from tests.chaos.proxy import FaultProxy
from tests.chaos.site import Site, kinesis_of

NewSite = Callable[[str], Site]


@pytest.fixture(scope="session")
def kinesis_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path_factory.mktemp("kinesis")) as running:
        yield running


@pytest.fixture
def new_site(
    kinesis_stack: EmbeddedStack, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[NewSite]:
    """Makes streams whose names begin with the test's, and deletes them at its end."""
    test = re.sub(r"[^\w.-]", "-", str(request.node.name))[:100]
    with ExitStack() as sites:

        def make(name: str) -> Site:
            folder = tmp_path / name
            folder.mkdir()
            site = Site(kinesis_stack, folder, f"{test}-{name}")
            sites.callback(site.close)
            return site

        yield make


@pytest.fixture
def site(new_site: NewSite) -> Site:
    return new_site("s")


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


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """One for the tests of a file: what they do to it may be too much for others."""
    with LocalPlatform(tmp_path_factory.mktemp("platform"), Console(io.StringIO())) as up:
        yield up


@pytest.fixture(scope="session")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controlled]:
    """A platform whose Lambdas reach their AWS through microburst."""
    with LocalPlatform(tmp_path_factory.mktemp("control"), Console(io.StringIO())) as platform:
        folder = tmp_path_factory.mktemp("control-proxy")
        with FaultProxy(platform.stack.endpoint, folder) as between:
            hasten_retries(platform)
            kinesis_of(platform.stack, between.endpoint).list_streams()  # as above
            lead_through(platform, between)
            yield Controlled(platform, between)
