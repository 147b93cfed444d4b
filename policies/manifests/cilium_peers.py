"""Whom Cilium's policies name (docs.cilium.io, Layer 3 policies): closed over its fields, labels and entities."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.cilium_ports import port_rules
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.network_peers import NODES, network, strange_fields
from policies.manifests.node_ports import ports_of_nodes
from policies.manifests.ports import ports_bound
from policies.manifests.selectors import narrows, stands_on_everything

_PEERS = ("Endpoints", "Entities", "CIDR", "CIDRSet", "Services", "Nodes", "FQDNs", "Groups", "Requires")
_SPEC = {
    *("endpointSelector", "nodeSelector", "ingress", "egress", "ingressDeny", "egressDeny", "labels", "description"),
    *("enableDefaultDeny", "log"),
}
_RULE = {*(f"{word}{peer}" for word in ("from", "to") for peer in _PEERS), "toPorts", "icmps", "authentication"}
_ENTITIES = ("cluster", "host", "remote-node", "kube-apiserver", "init", "health", "ingress", "unmanaged")
"""Entities that are no world; what `all` and those of tomorrow mean is not among them."""

_EVERY_POD = ("cluster", "unmanaged")
_NODES = ("host", "remote-node")
_RESERVED = tuple(f"reserved{mark}{name}" for mark in ":." for name in _ENTITIES if name != "cluster")
_NAMESPACE = "namespace"
_SOURCES = ("k8s", "any")


def cilium(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    """Faults of Cilium's policies, which hold one `spec` or many `specs`."""
    inputs = case.subject.inputs
    for top in ("spec", "specs"):
        value = inputs.get(top)
        for where, spec in listed(value, top) if isinstance(value, list) else [(top, value)]:
            if spec is UNKNOWN:
                yield Fault(path=where, text=NOT_KNOWN)
                continue
            yield from strange_fields(spec, _SPEC, where)
            for direction in ("ingress", "egress"):
                if at(spec, "enableDefaultDeny", direction) not in (None, True):
                    path = f"{where}.enableDefaultDeny.{direction}"
                    yield Fault(path=path, text=shown(at(spec, "enableDefaultDeny", direction)))
            for direction, word in (("ingress", "from"), ("egress", "to")):
                for path, rule in listed(at(spec, direction), f"{where}.{direction}"):
                    yield from _rule(case, path, rule, word)


def _rule(case: Case, path: str, rule: JsonValue, word: str) -> Iterator[Fault]:
    if UNKNOWN in [at(rule, f"{word}{peer}") for peer in _PEERS]:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    yield from strange_fields(rule, _RULE, path)
    yield from port_rules(case, rule, path)
    # A rule without anything allows nothing; one of ports alone allows them to everybody.
    if rule and not any(at(rule, f"{word}{peer}") is not None for peer in _PEERS):
        yield Fault(path=path, text="names nobody, so it means everywhere")
    yield from _ways(rule, path)
    bounded, of_nodes = _bounded(at(rule, "toPorts"), ports_bound), _bounded(at(rule, "toPorts"), ports_of_nodes)
    for where, entity in listed(at(rule, f"{word}Entities"), f"{path}.{word}Entities"):
        if entity not in _ENTITIES:
            yield Fault(path=where, text=shown(entity))
        elif entity in _EVERY_POD and not bounded:
            yield Fault(path=where, text=f"{shown(entity)}: every pod of the cluster, on any port")
        elif entity in _NODES and word == "to" and not of_nodes:
            yield Fault(path=where, text=f"{shown(entity)}: {NODES}")
    for where, _ in listed(at(rule, "toNodes"), f"{path}.toNodes") if not of_nodes else ():
        yield Fault(path=where, text=NODES)
    yield from _services(at(rule, f"{word}Services"), f"{path}.{word}Services")
    for peer in ("FQDNs", "Groups"):
        for where, name in listed(at(rule, f"{word}{peer}"), f"{path}.{word}{peer}"):
            yield Fault(path=where, text=f"{shown(name)}: something outside the cluster")
    for where, cidr in listed(at(rule, f"{word}CIDR"), f"{path}.{word}CIDR"):
        yield from network(case, cidr, where)
    for where, entry in listed(at(rule, f"{word}CIDRSet"), f"{path}.{word}CIDRSet"):
        yield from network(case, at(entry, "cidr"), where)
    for where, selector in listed(at(rule, f"{word}Endpoints"), f"{path}.{word}Endpoints"):
        yield from _endpoints(case, where, selector, bounded=bounded)


def _ways(rule: JsonValue, path: str) -> Iterator[Fault]:
    mode = at(rule, "authentication", "mode")
    if mode not in (None, "required"):
        yield Fault(path=f"{path}.authentication.mode", text=shown(mode))


def _services(services: JsonValue, path: str) -> Iterator[Fault]:
    for where, entry in listed(services, path):
        chosen = at(entry, "k8sServiceSelector")
        if chosen is not None and not narrows(at(chosen, "selector")):
            yield Fault(path=f"{where}.k8sServiceSelector", text="selects every Service, whatever lies behind it")


def _bounded(ports: JsonValue, holds: Callable[[list[JsonValue]], bool]) -> bool:
    found = [port for entry in entries(ports) for port in entries(at(entry, "ports"))]
    return bool(found) and all(entries(at(entry, "ports")) for entry in entries(ports)) and holds(found)


def _endpoints(case: Case, path: str, selector: JsonValue, *, bounded: bool) -> Iterator[Fault]:
    keys = [
        *mapping(at(selector, "matchLabels")),
        *(str(at(entry, "key")) for entry in entries(at(selector, "matchExpressions"))),
    ]
    for key in keys:
        if not _is_of_pods(key):
            yield Fault(path=path, text=f"selects by {key!r}, which is no label of pods")
    if bounded or narrows(selector):
        return
    if keys and all(map(stands_on_everything, keys)):
        yield Fault(path=path, text=f"selects by {keys[0]!r}, which stands on every pod")
        return
    # Without a word about namespaces a namespaced policy means its own namespace.
    if case.subject.kind == "CiliumClusterwideNetworkPolicy" or any(_NAMESPACE in key for key in keys):
        yield Fault(path=path, text="means every pod of the cluster, on any port")


def _is_of_pods(key: str) -> bool:
    if key.startswith(("reserved", "cidr")):
        return key in _RESERVED
    source, colon, _ = key.partition(":")
    return not colon or source in _SOURCES
