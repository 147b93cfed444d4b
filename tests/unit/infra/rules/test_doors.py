"""Bad settings of a door: one line each; and what a good one makes of the rest of the environment."""

from __future__ import annotations

from typing import Any

import pytest

from components.tenancy.network import PRIVATE_NETWORKS
from infra import door_settings
from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.kitchen.doors import mesh_labels, peers
from infra.kitchen.entry_plan import plan
from infra.kitchen.platform import platform
from infra.load import load_settings
from infra.settings import Settings
from tests.unit.support.doors import AUTHORITY, GATEWAY_API, KINDS, with_door
from tests.unit.support.entry import with_entry

CANARY = "c4n4ry-of-a-private-key"


def settings(kind: str) -> Settings:
    return load_settings(with_door(kind), load_catalog())


def on(platform: dict[str, Any], kind: str, **door: Any) -> dict[str, Any]:
    return {**with_door(kind, **door), "platform": platform}


def canary_of(data: dict[str, Any]) -> dict[str, Any]:
    data["kitchens"]["support"]["canary"] = {"weight": 10}
    data["tenants"]["helpdesk"]["quota"]["gpus"] = 4
    return {**data, "phase": 4}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no kind": (with_entry(door={}), "entry.door.kind: missing"),
    "another kind": (with_entry(door={"kind": "tunnel"}), 'entry.door.kind: "tunnel"; rule: '),
    "an unknown key": (with_entry(door={"kind": "none", "tls": "off"}), "entry.door.tls: "),
    "a key of another kind": (
        with_door("ingress", termination="passthrough"),
        'entry.door.termination: "(stated)"; rule: is no part of a door of kind ingress: className, sources',
    ),
    "a key of no kind": (
        with_entry(door={"kind": "none", "sources": ["10.0.0.0/8"]}),
        "rule: is no part of a door of kind none: it has none",
    ),
    "every address": (with_door("ingress", sources=["0.0.0.0/0"]), "entry.door.sources[0]: "),
    "no network": (with_door("ingress", sources=["10.0.0.0/40"]), "entry.door.sources[0]: "),
    "a Route without an authority": (with_door("route", authority=""), "entry.door.authority: "),
    "a Gateway without an authority": (
        {**with_entry(door={"kind": "gateway"}), "platform": {"kind": "kubernetes", "gatewayApi": GATEWAY_API}},
        "entry.door.authority: missing; rule: the door checks the entry's certificate",
    ),
    "an authority for nothing": (
        with_door("passthrough", authority=AUTHORITY),
        "rule: with termination: passthrough the router opens no TLS",
    ),
    "an authority that is none": (
        with_door("route", authority="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        "rule: certificate 1 of 1 cannot be read",
    ),
    "a private key": (
        with_door("route", authority=f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n"),
        "rule: holds a private key",
    ),
    "a Route without OpenShift": (
        on({"kind": "kubernetes"}, "passthrough"),
        'entry.door.kind: "route"; rule: Routes are a part of OpenShift, and platform.kind is kubernetes',
    ),
    "a route to no Gateway": (
        on({"kind": "kubernetes"}, "gateway"),
        'entry.door.kind: "gateway"; rule: platform.gatewayApi says to which Gateway the route belongs',
    ),
    "metrics in the mesh": (
        on({"kind": "kubernetes", "monitoring": True}, "istio"),
        'entry.door.kind: "istio"; rule: scrapes of metrics are plain HTTP',
    ),
}


@pytest.mark.parametrize(("data", "line"), WRONG.values(), ids=WRONG)
def test_each_fault_is_one_line(data: dict[str, Any], line: str) -> None:
    with pytest.raises(FaultsError) as caught:
        load_settings(data, load_catalog(), "Pulumi.dev.yaml")
    lines = str(caught.value).splitlines()
    assert sum(line in entry for entry in lines) == 1, lines
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_each_door_may_be_stated(kind: str) -> None:
    assert settings(kind).entry is not None


def test_who_may_call_without_a_word_is_whoever_is_in_a_private_network() -> None:
    assert door_settings.PRIVATE_NETWORKS == PRIVATE_NETWORKS


@pytest.mark.parametrize(("kind", "proxies"), [("route", 1), ("passthrough", 0), ("ingress", 1), ("istio", 0)])
def test_only_a_door_that_reads_calls_tells_who_calls(kind: str, proxies: int) -> None:
    """What leads TLS through writes no X-Forwarded-For: whatever the call has of it is the caller's word."""
    assert plan(settings(kind), load_catalog()).proxies == proxies


def test_without_a_door_nothing_says_who_calls_but_the_connection() -> None:
    assert plan(load_settings(with_entry(), load_catalog()), load_catalog()).proxies == 0


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_door_reaches_the_entry(kind: str) -> None:
    said = settings(kind)
    (peer,) = peers(said, platform(said))
    labels = peer["namespaceSelector"]["matchLabels"]
    if kind == "istio":
        assert labels == {"kubernetes.io/metadata.name": "istio-system"}
        assert peer["podSelector"] == {"matchLabels": {"istio": "ingressgateway"}}
    elif kind in ("route", "passthrough"):
        assert labels == {"network.openshift.io/policy-group": "ingress"}
    else:
        assert labels == {"kitchen.example.com/access": "gateway"}


def test_istio_alone_puts_pods_into_a_mesh() -> None:
    assert {kind: dict(mesh_labels(settings(kind))) for kind in KINDS} == {
        **{kind: {} for kind in KINDS},
        "istio": {"istio-injection": "enabled"},
    }


def test_a_canary_needs_no_gateway_where_there_is_an_entry() -> None:
    data = canary_of(with_entry())
    assert load_settings(data, load_catalog()).canary("support") is not None
    del data["entry"]
    with pytest.raises(FaultsError, match="say which Gateway takes them"):
        load_settings(data, load_catalog())


def test_routes_of_single_kitchens_may_be_stated_beside_an_entry() -> None:
    """They are not made then; the settings of an environment need not change with its entry."""
    routes = {"domain": "apps.kitchen.example", "allowedSources": ["10.20.0.0/16"]}
    assert load_settings(on({"kind": "openshift", "routes": routes}, "passthrough"), load_catalog()).entry is not None
