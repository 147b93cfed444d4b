"""Each door in the real engine: its objects fit the real schemas, and the pack lets them pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.engine.conftest import planned, run
from tests.engine.support.crd_schemas import validators
from tests.support.stacks import prepare
from tests.unit.support.doors import KINDS, with_door
from tools.local.offline import offline_workspace
from tools.local.workspace import POLICY_PACK
from tools.toolchain import data, ensure

Objects = dict[tuple[str, str, str], dict[str, Any]]
DOORS: dict[str, set[str]] = {
    "route": {"Route"},
    "passthrough": {"Route"},
    "ingress": set(),
    "gateway": {"BackendTLSPolicy", "HTTPRoute"},
    "istio": {"Gateway", "VirtualService", "PeerAuthentication", "AuthorizationPolicy"},
}
"""Kinds of each door that are no part of Kubernetes itself."""


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Objects]:
    """What dev is behind a door, by kind, namespace and name; previewed once, with the pack."""

    @cache
    def made(kind: str) -> Objects:
        workspace = offline_workspace("dev", tmp_path_factory.mktemp(f"door-{kind}"))
        prepare(workspace, with_door(kind))
        steps = planned(run(workspace, "preview", "--json", "--policy-pack", str(POLICY_PACK)))
        found = [step["newState"]["inputs"] for step in steps if step["newState"]["type"].startswith("kubernetes:")]
        return {
            (entry["kind"], entry["metadata"].get("namespace", ""), entry["metadata"]["name"]): entry for entry in found
        }

    return made


@pytest.mark.parametrize("kind", KINDS)
def test_every_door_passes_the_pack_and_the_real_schemas(kind: str, behind: Callable[[str], Objects]) -> None:
    ensure(["crds"])
    schemas, checked = validators(data("crds") / "crds"), set()
    for (object_kind, _, name), content in behind(kind).items():
        validator = schemas.get(content["apiVersion"], object_kind)
        if validator is not None:
            checked.add(object_kind)
            assert [f"{name}: {e.json_path}: {e.message}" for e in validator.iter_errors(content)] == []
    assert checked == {"ServingRuntime", "InferenceService", "Certificate", *DOORS[kind]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_door_leads_to_the_entry_and_no_kitchen_has_one_of_its_own(
    kind: str, behind: Callable[[str], Objects]
) -> None:
    ways_in = ("Route", "Ingress", "HTTPRoute", "VirtualService")
    found = [key for key in behind(kind) if key[0] in ways_in]
    assert [(namespace, name) for _, namespace, name in found] == [("entry-dev", "entry")]


def test_the_mesh_guards_the_entry_and_every_tenant(behind: Callable[[str], Objects]) -> None:
    made = behind("istio")
    for namespace in ("entry-dev", "helpdesk-dev", "sales-dev"):
        assert made["PeerAuthentication", namespace, "default"]["spec"] == {"mtls": {"mode": "STRICT"}}
        assert made["AuthorizationPolicy", namespace, "allow-nothing"]["spec"] == {}
        assert made["Namespace", "", namespace]["metadata"]["labels"]["istio-injection"] == "enabled"


def test_without_a_mesh_nothing_of_it_is_there(behind: Callable[[str], Objects]) -> None:
    for kind in KINDS:
        if kind != "istio":
            assert not [key for key in behind(kind) if "istio" in str(behind(kind)[key]["apiVersion"])]
