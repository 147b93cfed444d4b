"""One entry for all tests of this tier that change nothing about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.entry.support.accounts import accounts
from tests.entry.support.running import Entry
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream, upstreams


@pytest.fixture(scope="session")
def providers() -> Providers:
    return Providers()


@pytest.fixture(scope="session")
def tokens(providers: Providers) -> dict[str, str]:
    return {**providers.tokens(), **accounts(providers)}


@pytest.fixture(scope="session")
def session_servers() -> Iterator[dict[str, Upstream]]:
    with upstreams() as made:
        yield made


@pytest.fixture
def servers(session_servers: dict[str, Upstream]) -> dict[str, Upstream]:
    """The servers behind the entry, which have seen nothing yet."""
    for server in session_servers.values():
        server.clear()
    return session_servers


@pytest.fixture(scope="session")
def entry(
    tmp_path_factory: pytest.TempPathFactory, providers: Providers, session_servers: dict[str, Upstream]
) -> Iterator[Entry]:
    made = Entry(tmp_path_factory.mktemp("entry"), providers, session_servers)
    try:
        made.start()
        yield made
    finally:
        made.stop()
