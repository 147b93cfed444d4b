"""Whom rules of network policies name: networks, everybody, and the peers of policies that other projects define."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Networks that are not the internet: RFC 1918, RFC 6598 (shared address space) and RFC 4193."""

_WORLD = ("world", "all", "world-ipv4", "world-ipv6")
_CILIUM_PEERS = ("Endpoints", "Entities", "CIDR", "CIDRSet", "Services", "Nodes", "FQDNs", "Groups", "Requires")
_SELECTORS = ("selector", "namespaceSelector", "serviceAccounts", "services")
_REFUSING = ("Deny", "Pass", "Log")


def is_private(case: Case, cidr: JsonValue) -> bool:
    """Whether a network or address lies within the private networks, or those of the configuration."""
    allowed = entries(case.config.get("privateNetworks")) or list(PRIVATE)
    try:
        network = ipaddress.ip_network(cidr, strict=False) if isinstance(cidr, str) else None
        known = [ipaddress.ip_network(entry) for entry in allowed]
    except ValueError:
        return False
    return network is not None and any(_within(network, entry) for entry in known)


def _within(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network, other: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and network.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and network.subnet_of(other)


def selects_all(selector: JsonValue, *, absent: bool = False) -> bool:
    """Whether a selector of labels selects everything, as one without any condition does; `absent` is for none."""
    if selector is None:
        return absent
    return not any(at(selector, key) for key in ("matchLabels", "matchExpressions"))


def cilium(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    """Faults of Cilium's policies, which hold one `spec` or many `specs`."""
    inputs = case.subject.inputs
    for top in ("spec", "specs"):
        value = inputs.get(top)
        for where, spec in listed(value, top) if isinstance(value, list) else [(top, value)]:
            if spec is UNKNOWN:
                yield Fault(path=where, text=NOT_KNOWN)
                continue
            for direction, word in (("ingress", "from"), ("egress", "to")):
                for path, rule in listed(at(spec, direction), f"{where}.{direction}"):
                    yield from _cilium_rule(case, path, rule, word)


def _cilium_rule(case: Case, path: str, rule: JsonValue, word: str) -> Iterator[Fault]:
    if UNKNOWN in [at(rule, f"{word}{peer}") for peer in _CILIUM_PEERS]:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    # A rule without anything allows nothing; one of ports alone allows them to everybody.
    if rule and not any(at(rule, f"{word}{peer}") is not None for peer in _CILIUM_PEERS):
        yield Fault(path=path, text="names nobody, so it means everywhere")
    for where, entity in listed(at(rule, f"{word}Entities"), f"{path}.{word}Entities"):
        if entity is UNKNOWN or entity in _WORLD:
            yield Fault(path=where, text=shown(entity))
    for peer in ("FQDNs", "Groups"):
        for where, name in listed(at(rule, f"{word}{peer}"), f"{path}.{word}{peer}"):
            yield Fault(path=where, text=f"{shown(name)}: something outside the cluster")
    for where, cidr in listed(at(rule, f"{word}CIDR"), f"{path}.{word}CIDR"):
        yield from _network(case, cidr, where)
    for where, entry in listed(at(rule, f"{word}CIDRSet"), f"{path}.{word}CIDRSet"):
        yield from _network(case, at(entry, "cidr"), where)


def _network(case: Case, cidr: JsonValue, path: str) -> Iterator[Fault]:
    if not is_private(case, cidr):
        yield Fault(path=path, text=f"{shown(cidr)}, which is no private network")


def calico(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Calico's policies: a rule that allows names private networks or selects its peers."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for direction, end in (("ingress", "source"), ("egress", "destination")):
        for path, rule in listed(at(spec, direction), f"spec.{direction}"):
            peer = at(rule, end)
            if at(rule, "action") in _REFUSING:
                continue
            if UNKNOWN in (rule, peer, at(peer, "nets"), at(peer, "domains")):
                yield Fault(path=path, text=NOT_KNOWN)
                continue
            nets = entries(at(peer, "nets"))
            if not nets and not any(at(peer, key) for key in _SELECTORS):
                yield Fault(path=path, text=f"names no {end!r}, so it means everywhere")
            for where, cidr in listed(nets, f"{path}.{end}.nets"):
                yield from _network(case, cidr, where)
            for where, name in listed(at(peer, "domains"), f"{path}.{end}.domains"):
                yield Fault(path=where, text=f"{shown(name)}: something outside the cluster")


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
                yield from _admin_peer(case, where, peer)


def _admin_peer(case: Case, path: str, peer: JsonValue) -> Iterator[Fault]:
    chosen = [at(peer, "namespaces"), at(peer, "pods", "namespaceSelector")]
    if UNKNOWN in chosen:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    if any(map(selects_all, chosen)):
        yield Fault(path=path, text="means every namespace, whatever its own policies say")
    for where, cidr in listed(at(peer, "networks"), f"{path}.networks"):
        yield from _network(case, cidr, where)
    for where, name in listed(at(peer, "domainNames"), f"{path}.domainNames"):
        yield Fault(path=where, text=f"{shown(name)}: something outside the cluster")
