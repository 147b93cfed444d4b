"""This tier runs where `make test-keycloak` has installed Keycloak, and nowhere else. One Keycloak runs for all."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.keycloak.support.keycloak import HOME, Keycloak
from tests.keycloak.support.table_realms import realms
from tools.demo.processes import Processes

collect_ignore_glob = [] if os.environ.get(HOME) else ["test_*.py"]


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    folder = tmp_path_factory.mktemp("keycloak")
    with Processes(folder) as processes:
        (folder / "home").mkdir()
        made = Keycloak(folder / "home", processes)
        made.start(*realms())
        yield made
