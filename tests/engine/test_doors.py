"""Each door, rendered by the real engine: its objects fit the real schemas, and the pack lets them pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.support.serving_options import rendered_once
from tests.unit.support.doors import KINDS, with_door
from tools.toolchain import data, ensure
from tools.upgrade.schemas import validators

POLICY = "AuthorizationPolicy"
Objects = dict[tuple[str, str, str], dict[str, Any]]
DOORS: dict[str, set[str]] = {
    "route": {"Route"},
    "passthrough": {"Route"},
    "ingress": set(),
    "gateway": {"BackendTLSPolicy", "HTTPRoute"},
    "istio": {"Gateway", "VirtualService", "PeerAuthentication", "AuthorizationPolicy", "DestinationRule"},
}
"""Kinds of each door that are no part of Kubernetes itself."""


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Objects]:
    """What dev is behind a door, by kind, namespace and name; rendered once, with the pack.

    "counted" is Istio's door, and the counter that all replicas of the entry share.
    """

    @cache
    def made(kind: str) -> Objects:
        settings = with_door("istio" if kind == "counted" else kind)
        if kind == "counted":
            settings["entry"]["counter"] = "shared"
        found = rendered_once(tmp_path_factory, f"door-{kind}", settings)
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


def test_callers_speak_mtls_to_every_headless_service(behind: Callable[[str], Objects]) -> None:
    made = behind("counted")
    headless = {key[1:] for key, one in made.items() if key[0] == "Service" and one["spec"].get("clusterIP") == "None"}
    ruled = {key[1:]: one["spec"] for key, one in made.items() if key[0] == "DestinationRule"}
    assert set(ruled) == headless == {
        ("entry-dev", "counter"), ("helpdesk-dev", "support-pods"), ("helpdesk-dev", "search-pods"),
        ("sales-dev", "summary-pods"),
    }  # fmt: skip
    for (namespace, name), spec in ruled.items():
        assert spec["host"] == f"{name}.{namespace}.svc.cluster.local"
        assert spec["trafficPolicy"] == {"tls": {"mode": "ISTIO_MUTUAL"}}


def test_the_mesh_lets_the_entry_reach_the_shared_counter(behind: Callable[[str], Objects]) -> None:
    policies = {name for kind, namespace, name in behind("counted") if (kind, namespace) == (POLICY, "entry-dev")}
    assert policies == {"allow-nothing", "allow-door", "allow-counter", "allow-counter-valkey"}
    assert (POLICY, "entry-dev", "allow-counter") not in behind("istio")


def annotations(content: dict[str, Any]) -> dict[str, str] | None:
    """Annotations of the pods that an object makes; None for one that makes none."""
    if content["kind"] == "InferenceService":
        found: dict[str, str] = content["spec"]["predictor"].get("annotations", {})
        return found
    template = content.get("spec", {}).get("template")
    return None if template is None else template["metadata"].get("annotations", {})


@pytest.mark.parametrize(("kind", "native"), [("counted", "true"), ("ingress", None)])
def test_pods_of_the_mesh_and_no_others_ask_for_a_native_sidecar(
    kind: str, native: str | None, behind: Callable[[str], Objects]
) -> None:
    told = {key[0]: said for key, one in behind(kind).items() if (said := annotations(one)) is not None}
    assert {"Deployment", "Job", "InferenceService"} <= set(told)
    assert {said.get("sidecar.istio.io/nativeSidecar") for said in told.values()} == {native}


def test_without_a_mesh_nothing_of_it_is_there(behind: Callable[[str], Objects]) -> None:
    for kind in KINDS:
        if kind != "istio":
            assert not [key for key in behind(kind) if "istio" in str(behind(kind)[key]["apiVersion"])]
