"""What the gate of a delivery lets through beside the plan, by the engine's own words about a recorded state."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.engine.support.recorded import Recorded
from tools.deliver.compare import unplanned
from tools.engine.distrust import ANNOTATION, distrust

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(tmp_path_factory.mktemp("recorded"))


@pytest.fixture(scope="module")
def state(recorded: Recorded) -> Mapping[str, Any]:
    return recorded.state()


def told(recorded: Recorded, state: Mapping[str, Any], edit: Edit) -> tuple[int, list[str]]:
    """Objects that the engine would change after an edit of the state, and what of it no plan names."""
    edited = copy.deepcopy(dict(state))
    edit(edited["deployment"])
    recorded.put(edited)
    changes = recorded.preview().outcome.object_changes()
    return len(changes), unplanned(changes, [])


def of_config_maps(*sides: str, edit: Edit) -> Edit:
    def every(deployment: dict[str, Any]) -> None:
        for one in deployment["resources"]:
            if one["type"].endswith(":ConfigMap"):
                for side in sides:
                    edit(one[side]["metadata"])

    return every


def test_objects_that_are_applied_again_pass(recorded: Recorded, state: Mapping[str, Any]) -> None:
    count, left = told(recorded, state, lambda one: distrust(one, [entry["urn"] for entry in one["resources"]]))
    assert count > 50
    assert left == []


def test_annotations_as_a_whole_do_not(recorded: Recorded, state: Mapping[str, Any]) -> None:
    """So the engine says where the state has none: somebody has taken them away, or they were never applied."""
    count, left = told(recorded, state, of_config_maps("outputs", edit=lambda one: one.pop("annotations")))
    assert count == len(left) > 3
    assert all(line.startswith("update ConfigMap ") and line.endswith(": metadata.annotations") for line in left)


def test_nor_does_another_field_manager_of_the_program(recorded: Recorded, state: Mapping[str, Any]) -> None:
    def other(metadata: dict[str, Any]) -> None:
        metadata["annotations"] = {**metadata["annotations"], ANNOTATION: "kitchen-other"}

    count, left = told(recorded, state, of_config_maps("inputs", "outputs", edit=other))
    assert count == len(left) > 3
    assert all(ANNOTATION in line for line in left)
