"""What stands before and behind each door is admitted by a real API server with the real CRDs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.support.kubectl import OURS, Kubectl, no_other_environment
from tests.support.serving_options import rendered_once
from tests.unit.support.doors import KINDS, with_door
from tools.toolchain import PREVIEW, ensure

APPLY = ("apply", "--server-side", "--validate=strict", "--filename=-")
MESH = ("peerauthentications", "authorizationpolicies")
DOORS: dict[str, tuple[str, ...]] = {
    "route": ("routes.route.openshift.io",),
    "passthrough": ("routes.route.openshift.io",),
    "ingress": ("ingresses.networking.k8s.io",),
    "gateway": ("httproutes", "backendtlspolicies"),
    "istio": ("gateways.networking.istio.io", "virtualservices"),
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The dev environment as objects, by the kind of its door."""
    ensure(PREVIEW)
    return {kind: rendered_once(tmp_path_factory, f"door-{kind}", with_door(kind)) for kind in KINDS}


def of_the_entry(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What lies in the entry's namespace, and what a mesh says of the others; servers need not run for it."""
    return [
        entry
        for entry in objects
        if entry["metadata"].get("namespace") == "entry-dev" or "istio.io" in entry["apiVersion"]
    ]


@pytest.fixture(scope="module")
def namespaces(kubectl: Kubectl, rendered: dict[str, list[dict[str, Any]]]) -> Iterator[None]:
    with no_other_environment(kubectl):
        spaces = [entry for entry in rendered["istio"] if entry["kind"] == "Namespace"]
        kubectl(*APPLY, manifest=yaml.safe_dump_all(spaces))
        yield


def test_every_door_is_admitted(kubectl: Kubectl, namespaces: None, rendered: dict[str, list[dict[str, Any]]]) -> None:
    for kind, kinds in DOORS.items():
        kubectl(*APPLY, manifest=yaml.safe_dump_all(of_the_entry(rendered[kind])))
        made = kubectl.get(",".join(kinds), "--namespace=entry-dev", *OURS)["items"]
        assert [entry["metadata"]["name"] for entry in made] == ["entry"] * len(kinds), kind
        kubectl("delete", ",".join(kinds), "--namespace=entry-dev", *OURS)
    mesh = kubectl.get(",".join(MESH), "--all-namespaces", *OURS)["items"]
    guarded = {entry["metadata"]["namespace"] for entry in mesh}
    assert guarded == {"entry-dev", "helpdesk-dev", "sales-dev"}


def test_what_is_wrong_with_a_door_is_refused(
    kubectl: Kubectl, namespaces: None, rendered: dict[str, list[dict[str, Any]]]
) -> None:
    """The schemas are read: a door with a wrong value does not come in."""
    wrong = {
        "Route": ("termination", "open"),
        "BackendTLSPolicy": ("hostname", "*"),
        "PeerAuthentication": ("mode", "STRONG"),
        "HTTPRoute": ("type", "Somehow"),
    }
    every = [entry for kind in ("route", "gateway", "istio") for entry in of_the_entry(rendered[kind])]
    for kind, (field, value) in wrong.items():
        text = yaml.safe_dump(next(entry for entry in every if entry["kind"] == kind))
        lines = [f"{line.partition(':')[0]}: '{value}'" if line.strip(" -").startswith(f"{field}:") else line
                 for line in text.splitlines()]  # fmt: skip
        done = kubectl.run(*APPLY, manifest="\n".join(lines))
        assert done.returncode != 0, kind
        assert field in done.stderr, done.stderr
