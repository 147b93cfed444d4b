"""This tier runs where `make test-forge` has built Gitea, and nowhere else. One Gitea runs for all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.forge.support.gitea import Gitea
from tools.toolchain import look_up

collect_ignore_glob = [] if look_up("gitea") else ["test_*.py"]


@pytest.fixture(scope="session")
def gitea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gitea]:
    with Gitea(tmp_path_factory.mktemp("gitea") / "forge") as running:
        yield running
