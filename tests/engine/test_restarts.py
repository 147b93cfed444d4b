"""What the real engine's preview says of pods that a change restarts: of those alone, and before anything changes."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import run
from tests.support.serving_options import changes
from tests.support.stacks import prepare
from tools.local.workspace import Workspace


class Recorded:
    """The dev environment with every option of serving, as an update without a cluster recorded it."""

    def __init__(self, folder: Path) -> None:
        self.settings = {**changes(), "renderTo": str(folder / "objects")}
        self.workspace = Workspace(folder, "dev", kubeconfig=None)
        prepare(self.workspace, self.settings)
        done = run(self.workspace, "up", "--yes", "--skip-preview", "--suppress-outputs")
        assert done.status == 0, done.text

    def preview(self, settings: dict[str, Any]) -> str:
        self.workspace.prepare(settings)
        done = run(self.workspace, "preview")
        assert done.status == 0, done.text
        return done.text.partition("Diagnostics:")[2]

    def warnings(self, settings: dict[str, Any]) -> list[str]:
        return sorted(re.findall(r"^ *warning: pods restart: (.*)$", self.preview(settings), re.MULTILINE))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(tmp_path_factory.mktemp("restarts"))


@pytest.fixture
def settings(recorded: Recorded) -> dict[str, Any]:
    return copy.deepcopy(recorded.settings)


def test_another_owner_and_cost_centre_restart_nothing_and_replace_nothing(
    recorded: Recorded, settings: dict[str, Any]
) -> None:
    for tenant in settings["tenants"].values():
        tenant |= {"owner": "somebody-else", "costCentre": "9999"}
    text = recorded.preview(settings)
    assert "pods restart" not in text
    counted = re.findall(r"\d+ to (\w+)", text.partition("Resources:")[2])
    assert counted == ["update"], text


def test_each_kitchen_whose_pods_restart_has_one_line(recorded: Recorded, settings: dict[str, Any]) -> None:
    kitchens = settings["kitchens"]
    kitchens["support"]["adapters"] = kitchens["support"]["adapters"][:1]
    kitchens["summary"]["runtime"]["concurrency"] = 8
    kitchens["digest"]["runtime"] = {**kitchens["digest"]["runtime"], "concurrency": 8}
    assert recorded.warnings(settings) == [
        "digest in sales-dev (new pods start beside the old ones): containers, runtime",
        "summary in sales-dev (new pods start beside the old ones): runtime",
        "support in helpdesk-dev (new pods start beside the old ones): adapters, model.args, volumes",
    ]


def test_another_list_of_a_hot_kitchen_restarts_nothing(recorded: Recorded, settings: dict[str, Any]) -> None:
    settings["kitchens"]["summary"]["adapters"] = ["sales-summary/v2026-03-15", "helpdesk-faq/v2026-02-01"]
    assert recorded.warnings(settings) == []


def test_pods_that_are_scaled_do_not_restart(recorded: Recorded, settings: dict[str, Any]) -> None:
    settings["kitchens"]["summary"]["autoscaling"]["maxReplicas"] = 4
    assert recorded.warnings(settings) == []


def test_an_llm_service_with_other_labels_on_its_pods_is_made_anew(
    recorded: Recorded, settings: dict[str, Any]
) -> None:
    """As 0.1.0 recorded it; its controller can change no selector."""
    state = recorded.workspace.latest()
    (digest,) = (entry for entry in state["resources"] if entry["type"].endswith(":LLMInferenceService"))
    for place in (digest["inputs"], digest["outputs"], digest["outputs"]["__inputs"]):
        place["spec"]["labels"]["app.kubernetes.io/part-of"] = "private-ai-kitchen"
    checkpoint = next(recorded.workspace.folder.glob("state/.pulumi/stacks/*/dev.json"))
    before = checkpoint.read_text()
    whole = json.loads(before)
    whole["checkpoint"]["latest"] = state
    checkpoint.write_text(json.dumps(whole))
    try:
        assert "1 to replace" in recorded.preview(settings)
    finally:
        checkpoint.write_text(before)
