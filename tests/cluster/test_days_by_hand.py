"""Removed and changed by hand: `make up` says it, mends it or names who has it, and nothing is lost or doubled."""

from __future__ import annotations

import pytest

from tests.cluster.support.days import Group, Scene, play
from tests.cluster.support.days.groups import BY_HAND
from tests.cluster.support.days.previews import previews
from tests.cluster.support.shared_kitchen import SharedKitchen

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def scene(shared_kitchen: SharedKitchen) -> Scene:
    return Scene(shared_kitchen.up())


@pytest.mark.parametrize("group", BY_HAND, ids=lambda group: group.name)
def test_a_kitchen_comes_back(group: Group, scene: Scene) -> None:
    rows = play(scene, group)
    assert [row for row in rows if not row.good] == []


def test_previews_say_what_they_are_compared_with(scene: Scene) -> None:
    assert [row for row in previews(scene) if not row.good] == []
