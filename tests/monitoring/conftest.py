"""One Prometheus for the tests of names, and one that scrapes the real parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitoring.support.prometheus import Prometheus
from tools.toolchain import MONITORING, ensure


@pytest.fixture(scope="session")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that scrapes nothing and parses."""
    ensure(MONITORING)
    with Prometheus(tmp_path_factory.mktemp("parser")) as made:
        yield made
