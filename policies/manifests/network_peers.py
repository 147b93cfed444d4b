"""Whom rules of network policies name: networks, everybody, and the peers of policies that other projects define."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests import calico_selectors
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.networks import PRIVATE, within
from policies.manifests.node_ports import OF_NODES, ports_of_nodes
from policies.manifests.selectors import narrows

_REFUSING = ("Deny", "Pass", "Log")
_CALICO_RULE = {
    *("action", "protocol", "notProtocol", "ipVersion", "icmp", "notICMP", "source", "destination", "http", "metadata"),
}
_CALICO_PEER = {
    *("nets", "notNets", "selector", "notSelector", "namespaceSelector", "ports", "notPorts", "serviceAccounts"),
    *("services", "domains"),
}
_CALICO_SPEC = {
    *("order", "tier", "selector", "namespaceSelector", "serviceAccountSelector", "types", "ingress", "egress"),
    *("performanceHints", "stagedAction"),
}
_CALICO_HOSTS = ("doNotTrack", "preDNAT", "applyOnForward")
"""Fields by which a policy goes before what holds connections together, or is about hosts and what they pass on."""

_ADMIN_PEER = ("namespaces", "pods", "nodes", "networks", "domainNames")
NODES = f"means nodes, on other ports than {', '.join(map(str, OF_NODES))}: whoever reaches a kubelet commands its pods"
"""What is said of a way out to nodes."""


def is_private(case: Case, cidr: JsonValue) -> bool:
    """Whether a network or address lies within the private networks, or those of the configuration."""
    allowed = entries(case.config.get("privateNetworks")) or list(PRIVATE)
    try:
        network = ipaddress.ip_network(cidr, strict=False) if isinstance(cidr, str) else None
        known = [ipaddress.ip_network(entry) for entry in allowed]
    except ValueError:
        return False
    return network is not None and any(within(network, entry) for entry in known)


def network(case: Case, cidr: JsonValue, path: str) -> Iterator[Fault]:
    """A fault where a network or address is none of the private ones."""
    if not is_private(case, cidr):
        yield Fault(path=path, text=f"{shown(cidr)}, which is no private network")


def strange_fields(value: JsonValue, known: set[str] | tuple[str, ...], path: str) -> Iterator[Fault]:
    """A fault for each field of a mapping that is not understood."""
    for field in value if isinstance(value, dict) else ():
        if field not in known:
            yield Fault(path=f"{path}.{field}", text="is no field that is understood")


def calico(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Calico's policies: a rule that allows names private networks or selects its peers."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    yield from strange_fields(spec, {*_CALICO_SPEC, *_CALICO_HOSTS}, "spec")
    for name in _CALICO_HOSTS:
        if at(spec, name) not in (None, False):
            yield Fault(path=f"spec.{name}", text=f"{shown(at(spec, name))}: it is no policy of pods any more")
    for direction, end in (("ingress", "source"), ("egress", "destination")):
        for path, rule in listed(at(spec, direction), f"spec.{direction}"):
            peer = at(rule, end)
            if at(rule, "action") in _REFUSING:
                continue
            if UNKNOWN in (rule, peer, *(at(peer, key) for key in _CALICO_PEER)):
                yield Fault(path=path, text=NOT_KNOWN)
                continue
            yield from strange_fields(rule, _CALICO_RULE, path)
            yield from strange_fields(peer, _CALICO_PEER, f"{path}.{end}")
            yield from _calico_peer(case, f"{path}.{end}", peer, end)


def _calico_peer(case: Case, path: str, peer: JsonValue, end: str) -> Iterator[Fault]:
    nets = entries(at(peer, "nets"))
    chosen = [at(peer, key) for key in ("selector", "namespaceSelector", "serviceAccounts", "services")]
    if not nets and not any(chosen):
        yield Fault(path=path.rpartition(".")[0], text=f"names no {end!r}, so it means everywhere")
    elif not nets and not _calico_narrows(case, peer):
        yield Fault(path=path, text="selects everything, however it is spelt")
    for where, cidr in listed(nets, f"{path}.nets"):
        yield from network(case, cidr, where)
    for where, name in listed(at(peer, "domains"), f"{path}.domains"):
        yield Fault(path=where, text=f"{shown(name)}: something outside the cluster")


def _calico_narrows(case: Case, peer: JsonValue) -> bool:
    accounts = at(peer, "serviceAccounts")
    is_global = case.subject.kind.startswith("Global")
    # Every namespace has accounts of the same names.
    if (entries(at(accounts, "names")) and not is_global) or at(peer, "services", "name"):
        return True
    if any(map(calico_selectors.narrows, (at(peer, "namespaceSelector"), at(accounts, "selector")))):
        return True
    # Without a selector of namespaces a namespaced policy means its own namespace.
    own = at(peer, "namespaceSelector") in (None, "") and bool(at(peer, "selector")) and not is_global
    return own or calico_selectors.narrows(at(peer, "selector"))


def network_set(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a set of networks, which policies select by its labels."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for where, cidr in listed(at(spec, "nets"), "spec.nets"):
        yield from network(case, cidr, where)
    for where, name in listed(at(spec, "allowedEgressDomains"), "spec.allowedEgressDomains"):
        yield Fault(path=where, text=f"{shown(name)}: something outside the cluster")


def cidr_group(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a group of networks of Cilium."""
    for where, cidr in listed(UNKNOWN if spec is UNKNOWN else at(spec, "externalCIDRs"), "spec.externalCIDRs"):
        yield from network(case, cidr, where)


def admin_policy(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of policies of administrators, which go before every NetworkPolicy."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for direction, word in (("ingress", "from"), ("egress", "to")):
        for path, rule in listed(at(spec, direction), f"spec.{direction}"):
            if at(rule, "action") in _REFUSING:
                continue
            for where, peer in listed(at(rule, word), f"{path}.{word}"):
                yield from strange_fields(peer, _ADMIN_PEER, where)
                yield from _admin_peer(case, where, peer)
                if at(peer, "nodes") is not None and peer is not UNKNOWN and not ports_of_nodes(_admin_ports(rule)):
                    yield Fault(path=f"{where}.nodes", text=NODES)


def _admin_ports(rule: JsonValue) -> list[JsonValue]:
    """Ports of a rule, in the form that NetworkPolicies have; of a row or of names there is no number."""
    return [{"port": at(port, "portNumber", "port")} for port in entries(at(rule, "ports"))]


def _admin_peer(case: Case, path: str, peer: JsonValue) -> Iterator[Fault]:
    chosen = [at(peer, "namespaces"), at(peer, "pods", "namespaceSelector")]
    if UNKNOWN in chosen:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    if any(selector is not None and not narrows(selector) for selector in chosen):
        yield Fault(path=path, text="means every namespace, whatever its own policies say")
    for where, cidr in listed(at(peer, "networks"), f"{path}.networks"):
        yield from network(case, cidr, where)
    for where, name in listed(at(peer, "domainNames"), f"{path}.domainNames"):
        yield Fault(path=where, text=f"{shown(name)}: something outside the cluster")
