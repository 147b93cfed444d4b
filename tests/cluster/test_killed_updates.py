"""Updates killed at the moments that hurt most, with and without checkpoints; other settings come next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.support.environments import objects
from tests.cluster.support.kills import CHECKPOINTS, LARGE, SMALL, Field, Settings
from tests.cluster.support.kubectl import Kubectl
from tools.pipeline.deploy import deploy

pytestmark = pytest.mark.long

NAMESPACE = "helpdesk-dev"


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    made = Field(tmp_path_factory.mktemp("killed") / "kitchen")
    with made.kitchen.cluster:
        made.begin()
        yield made
        made.kitchen.down()


@pytest.fixture
def kubectl(field: Field) -> Kubectl:
    return Kubectl(field.kitchen.cluster.kubeconfig)


@pytest.fixture(params=CHECKPOINTS)
def checkpoints(request: pytest.FixtureRequest) -> str:
    """Kept, or skipped whatever the preview says."""
    return str(request.param)


def with_callers(*groups: str) -> Settings:
    """Settings in which these groups may call the kitchen; another answer time makes the update a long one."""
    tenant: dict[str, Any] = {**SMALL["tenants"]["helpdesk"], "groups": {"caller": list(groups)}}
    kitchen = SMALL["kitchens"]["support"]
    runtime = {**kitchen["runtime"], "drainSeconds": 300 + 60 * len(groups)}
    return {"tenants": {"helpdesk": tenant}, "kitchens": {"support": {**kitchen, "runtime": runtime}}}


def callers(kubectl: Kubectl) -> list[str]:
    binding = kubectl.get("-n", NAMESPACE, "rolebinding", "kitchen-caller")
    return [entry["name"] for entry in binding["subjects"]]


def test_what_a_killed_update_has_added_goes_when_the_settings_go_back(
    field: Field, kubectl: Kubectl, checkpoints: str
) -> None:
    """A right that was given and taken back in the settings: no state has ever held it, and a refresh is blind."""
    field.updated(with_callers("staff"))
    field.killed_when(with_callers("staff", "guests"), checkpoints, lambda: callers(kubectl) == ["staff", "guests"])
    said = field.updated(with_callers("staff"))
    if checkpoints == "skipped":  # with them the change may have been recorded before the kill
        assert checkpoints == "kept" or "an earlier update was interrupted" in said
    assert callers(kubectl) == ["staff"]
    assert field.is_whole()
    assert "interrupted" not in field.updated(with_callers("staff"))


def test_what_a_killed_update_has_made_goes_when_the_settings_forget_it(
    field: Field, kubectl: Kubectl, checkpoints: str
) -> None:
    field.updated(SMALL)
    before = objects(kubectl)

    def secret_is_there() -> bool:
        return ("Secret", "sales-dev", "summary-lora-reader") in objects(kubectl)

    field.killed_when(LARGE, checkpoints, secret_is_there)
    said = field.updated(SMALL)
    if checkpoints == "skipped":
        assert "left by a killed update: Namespace sales-dev: removed" in said
        assert "of the object store: removed" in said
    assert field.is_whole()
    assert objects(kubectl) == before


def test_what_cannot_be_changed_is_made_anew(field: Field, kubectl: Kubectl) -> None:
    """The value of a PriorityClass, which no create can take over with another one; the preview fails by it already."""
    field.raze()
    field.killed_when(SMALL, "skipped", lambda: ("PriorityClass", "", "kitchen-dev") in objects(kubectl))
    field.updated({**SMALL, "priority": {"value": 2000, "preempt": False}})
    assert kubectl.get("priorityclass", "kitchen-dev")["value"] == 2000
    assert field.is_whole()
    field.raze()


def test_what_another_wrote_in_the_meantime_stays(field: Field, kubectl: Kubectl) -> None:
    field.updated(SMALL)
    field.killed_when(LARGE, "skipped", lambda: ("Namespace", "sales-dev") in {o[::2] for o in objects(kubectl)})
    for kind, namespace, name in objects(kubectl):
        if namespace == "sales-dev":
            kubectl("-n", namespace, "delete", kind, name, "--wait=true", "--ignore-not-found")
    kubectl("delete", "namespace", "sales-dev")
    kubectl("create", "namespace", "sales-dev")
    said = field.updated(SMALL)
    assert "Namespace sales-dev: made by another or before that update; it stays" in said
    kubectl("get", "namespace", "sales-dev")
    kubectl("delete", "namespace", "sales-dev")


def test_a_deploy_applies_every_object_again_when_asked(
    field: Field, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """After a plain `pulumi up` without checkpoints was killed, nobody has written down what it did."""
    field.updated(with_callers("staff"))
    binding = kubectl.get("-n", NAMESPACE, "rolebinding", "kitchen-caller")
    kept = ("name", "namespace", "labels", "annotations")
    binding["metadata"] = {key: binding["metadata"][key] for key in kept}
    binding["subjects"].append({**binding["subjects"][0], "name": "guests"})
    kubectl("apply", "--server-side", "--field-manager=kitchen-dev", "-f", "-", manifest=json.dumps(binding))
    assert callers(kubectl) == ["staff", "guests"]
    workspace = field.workspace
    for key, value in {**workspace.environment(), **field.kitchen.credentials()}.items():
        if key.startswith(("PULUMI_", "KITCHEN_", "KUBECONFIG")):
            monkeypatch.setenv(key, value)
    options = ("--config-file", str(workspace.config_file))
    assert deploy("dev", options, directory=tmp_path, distrust=True) == 0
    assert "every object is applied again, as was asked" in " ".join("".join(capfd.readouterr()).split())
    assert callers(kubectl) == ["staff"]
    assert field.is_whole()
