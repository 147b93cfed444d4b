"""Removed and changed by hand: `make up` says it, mends it or names who has it, and nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.support.days import Group, Scene, play
from tests.cluster.support.days.groups import BY_HAND
from tests.cluster.support.days.previews import previews
from tests.cluster.support.environments import make
from tools.local.up import LocalKitchen


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = LocalKitchen(tmp_path_factory.mktemp("by-hand") / "kitchen")
    make("up", made.folder)
    with made.cluster:
        yield Scene(made)
        made.down()


@pytest.mark.parametrize("group", BY_HAND, ids=lambda group: group.name)
def test_a_kitchen_comes_back(group: Group, scene: Scene) -> None:
    rows = play(scene, group)
    assert [row for row in rows if not row.good] == []


def test_previews_say_what_they_are_compared_with(scene: Scene) -> None:
    assert [row for row in previews(scene) if not row.good] == []
