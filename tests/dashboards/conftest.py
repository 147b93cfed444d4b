"""One Prometheus with the made day for all. Perses is there where `make test-dashboards` has installed it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.dashboards.support.holder import Holder, blocks, holding
from tests.dashboards.support.perses_server import HOME
from tools.toolchain import ensure

collect_ignore = [] if os.environ.get(HOME) else ["test_perses.py"]


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holder]:
    ensure(["prometheus"])
    folder = tmp_path_factory.mktemp("day") / "data"
    blocks(folder)
    with holding(folder) as holder:
        yield holder


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holder]:
    """A Prometheus that has never scraped anything."""
    ensure(["prometheus"])
    with holding(tmp_path_factory.mktemp("nothing") / "data") as holder:
        yield holder
