"""A kitchen that is not Ready, or an update that is stopped, is no success: the reason is told, and the way on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.support.days import Group, Scene, play
from tests.cluster.support.days.groups import NOT_READY
from tests.cluster.support.environments import make
from tools.local.up import LocalKitchen


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = LocalKitchen(tmp_path_factory.mktemp("not-ready") / "kitchen")
    make("up", made.folder)
    with made.cluster:
        yield Scene(made)
        made.down()


@pytest.mark.parametrize("group", NOT_READY, ids=lambda group: group.name)
def test_it_is_told_and_comes_back(group: Group, scene: Scene) -> None:
    rows = play(scene, group)
    assert [row for row in rows if not row.good] == []
