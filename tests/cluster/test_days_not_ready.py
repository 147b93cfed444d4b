"""A kitchen that is not Ready, or an update that is stopped, is no success: the reason is told, and the way on."""

from __future__ import annotations

import pytest

from tests.cluster.support.days import Group, Scene, play
from tests.cluster.support.days.groups import NOT_READY
from tests.cluster.support.shared_kitchen import SharedKitchen

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def scene(shared_kitchen: SharedKitchen) -> Scene:
    return Scene(shared_kitchen.up())


@pytest.mark.parametrize("group", NOT_READY, ids=lambda group: group.name)
def test_it_is_told_and_comes_back(group: Group, scene: Scene) -> None:
    rows = play(scene, group)
    assert [row for row in rows if not row.good] == []
