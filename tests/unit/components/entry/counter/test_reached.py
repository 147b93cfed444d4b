"""Who reaches whom in the entry's namespace, by all of its network rules together, and by the mesh's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.entry.counter import server
from components.entry.counter.pods import COUNTER, GRPC_PORT, HTTP_PORT, METRICS_PORT, VALKEY, VALKEY_PORT
from components.entry.doors.istio import Mesh, guards_of_counter, guards_of_entry
from components.entry.plan import EntryPlan
from components.entry.rules import Reached, network_policies
from components.facts import ENTRY_PODS
from components.platform import Platform
from components.tenancy.network import GATEWAY_LABEL, StoreAddress
from infra.catalog import load_catalog
from infra.kitchen.doors import guards
from infra.load import load_settings
from tests.unit.support.doors import with_door

NAME = "app.kubernetes.io/name"
ENTRY = "entry"
OUTSIDE: dict[str, Mapping[str, str]] = {
    "door": {GATEWAY_LABEL: "gateway"},
    "prometheus": {GATEWAY_LABEL: "metrics"},
    "grafana": {GATEWAY_LABEL: "metrics"},
    "servers": {"kubernetes.io/metadata.name": "helpdesk-dev"},
    "anybody": {"kubernetes.io/metadata.name": "other"},
}
"""Namespaces by their labels; a peer without a namespace is of the entry's own."""

PODS: Mapping[str, Mapping[str, str]] = {"prometheus": {NAME: "prometheus"}, "grafana": {NAME: "grafana"}}
"""Labels of their pods, where a rule asks for some."""

INSIDE: dict[str, Mapping[str, str]] = {
    ENTRY: dict(ENTRY_PODS),
    COUNTER: server.match(COUNTER),
    VALKEY: server.match(VALKEY),
    "stranger": {NAME: "stranger"},
}
PORTS = (GRPC_PORT, HTTP_PORT, METRICS_PORT, VALKEY_PORT, 8443, 9901, 9902, 9903, 9904, 443)


def rules() -> dict[str, Any]:
    reached = Reached(servers={"helpdesk-dev": [8080]}, store=StoreAddress(port=443, cidrs=("10.0.0.0/8",)))
    plan = EntryPlan(environment="dev", issuers=[], grants=[], counter="shared")
    entry = network_policies(plan, Platform(kind="kubernetes"), reached)
    counter = server.network_policies(ENTRY_PODS, Platform(kind="kubernetes"))
    assert not set(entry) & set(counter), "one would take the other's place"
    return entry | counter


def _fits(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}
    return dict(selector.get("matchLabels", {})).items() <= labels.items()


def _is_peer(peer: Mapping[str, Any], who: str) -> bool:
    """Whether a pod, or any pod of a namespace, is meant; networks are none of these."""
    if "ipBlock" in peer:
        return False
    if who in INSIDE:
        return "namespaceSelector" not in peer and _fits(peer["podSelector"], INSIDE[who])
    pods = _fits(peer.get("podSelector", {}), PODS.get(who, {}))
    return pods and "namespaceSelector" in peer and _fits(peer["namespaceSelector"], OUTSIDE[who])


def _open(direction: str, pod: str, other: str, port: int) -> bool:
    """Whether rules of one direction at a pod let the other pass; a pod that none is about would be open to all."""
    about = [one for one in rules().values() if _fits(one["podSelector"], INSIDE[pod])]
    assert any(direction.capitalize() in one["policyTypes"] for one in about)
    key = "from" if direction == "ingress" else "to"
    return any(
        any(_is_peer(peer, other) for peer in rule[key]) and any(port == one["port"] for one in rule["ports"])
        for one in about
        for rule in one.get(direction, ())
    )


def edges() -> Iterator[tuple[str, str, int]]:
    """Every way that is open at both of its ends, as far as both are in the entry's namespace."""
    for target in INSIDE:
        for source in (*INSIDE, *OUTSIDE):
            for port in PORTS:
                leaves = source in OUTSIDE or _open("egress", source, target, port)
                if leaves and _open("ingress", target, source, port):
                    yield source, target, port


def test_the_entry_alone_reaches_the_counter_and_the_counter_alone_valkey() -> None:
    """What goes over these two ways is not encrypted without a mesh."""
    about = {edge for edge in edges() if edge[1] in (COUNTER, VALKEY)}
    assert about == {
        (ENTRY, COUNTER, GRPC_PORT),
        ("prometheus", COUNTER, METRICS_PORT),
        (COUNTER, VALKEY, VALKEY_PORT),
    }


def test_nobody_else_is_reached_than_the_entry_by_the_door() -> None:
    assert {edge[:2] for edge in edges() if edge[1] in (ENTRY, "stranger")} == {("door", ENTRY), ("prometheus", ENTRY)}


def test_valkey_reaches_nobody_and_the_counter_valkey_alone() -> None:
    found = {(pod, other) for pod in (COUNTER, VALKEY) for other in (*INSIDE, *OUTSIDE) for port in PORTS
             if _open("egress", pod, other, port)}  # fmt: skip
    assert found == {(COUNTER, VALKEY)}


MESH = Mesh(
    selector={"istio": "ingressgateway"},
    namespace="istio-system",
    service_account="gateway",
    control_namespace="istio-system",
    trust_domain="cluster.local",
)


def test_within_a_mesh_the_same_ways_are_open_and_encrypted() -> None:
    """Nobody calls anybody there by default: without these policies the entry would not reach its counter."""
    found = {}
    for part in [*guards_of_entry(MESH, 8443), *guards_of_counter(MESH, "entry-dev")]:
        for rule in part.fields["spec"].get("rules", ()) if part.kind == "AuthorizationPolicy" else ():
            (source,), (target,) = rule["from"], rule["to"]
            pod = part.fields["spec"]["selector"]["matchLabels"][NAME]
            found[pod] = (*source["source"]["principals"], *target["operation"]["ports"])
    assert found == {
        ENTRY: ("cluster.local/ns/istio-system/sa/gateway", "8443"),
        COUNTER: ("cluster.local/ns/entry-dev/sa/entry", str(GRPC_PORT)),
        VALKEY: ("cluster.local/ns/entry-dev/sa/counter", str(VALKEY_PORT)),
    }


def test_the_settings_make_them_where_there_is_a_shared_counter() -> None:
    data = with_door("istio")
    for counter, expected in (("local", set()), ("shared", {f"allow-{COUNTER}", f"allow-{VALKEY}"})):
        data["entry"]["counter"] = counter
        names = {part.name for part in guards(load_settings(data, load_catalog()), 8443)}
        assert names & {f"allow-{COUNTER}", f"allow-{VALKEY}"} == expected
