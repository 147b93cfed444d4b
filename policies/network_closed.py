"""Rule: nothing opens the environment's network to the outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging import NOT_KNOWN, Fault, at, listed, shown
from policies.objects import each_object, is_a, told
from policies.rule import Case, Rule
from policies.subject import entries
from policies.values import UNKNOWN, JsonValue

NETWORKING = "networking.k8s.io"
ISTIO = "networking.istio.io"

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Networks that are not the internet: RFC 1918, RFC 6598 (shared address space) and RFC 4193."""

MESH = (".svc", ".svc.cluster.local", ".mesh.internal")
_OPEN_SERVICES = ("NodePort", "LoadBalancer", "ExternalName")
_WIDE = 1024
_WORLD = ("world", "all", "world-ipv4", "world-ipv6")
_EXAMPLE = "a ClusterIP Service, and a NetworkPolicy whose rules name pods, namespaces or private networks, and ports"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each way in from, or out to, everywhere."""
    rule = "no Service, network policy or mesh entry opens the environment to the outside"
    return told(case, _faults(case), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    spec = case.subject.inputs.get("spec")
    if is_a(case, "", "Service"):
        yield from _service(spec)
    elif is_a(case, NETWORKING, "NetworkPolicy"):
        yield from _policy(case, spec)
    elif is_a(case, "cilium.io", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"):
        yield from _cilium(case)
    elif is_a(case, "k8s.ovn.org", "EgressFirewall"):
        for path, entry in listed(at(spec, "egress"), "spec.egress"):
            if at(entry, "type") != "Deny" and not _is_private(case, at(entry, "to", "cidrSelector")):
                yield Fault(path=path, text="allows what is not a private network")
    elif is_a(case, ISTIO, "ServiceEntry"):
        yield from _entry(case, spec)
    elif is_a(case, ISTIO, "Sidecar"):
        mode = at(spec, "outboundTrafficPolicy", "mode")
        if mode is UNKNOWN or mode == "ALLOW_ANY":
            yield Fault(path="spec.outboundTrafficPolicy.mode", text=shown(mode))


def _service(spec: JsonValue) -> Iterator[Fault]:
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    kind = at(spec, "type")
    if spec is not UNKNOWN and (kind is UNKNOWN or kind in _OPEN_SERVICES):
        yield Fault(path="spec.type", text=shown(kind))
    for path, address in listed(at(spec, "externalIPs"), "spec.externalIPs") if spec is not UNKNOWN else ():
        yield Fault(path=path, text=shown(address))


def _policy(case: Case, spec: JsonValue) -> Iterator[Fault]:
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for path, rule in listed(at(spec, direction), f"spec.{direction}"):
            if rule is UNKNOWN or at(rule, peers) is UNKNOWN or at(rule, "ports") is UNKNOWN:
                yield Fault(path=path, text=NOT_KNOWN)
            else:
                yield from _policy_rule(case, path, rule, peers)


def _policy_rule(case: Case, path: str, rule: JsonValue, peers: str) -> Iterator[Fault]:
    """Judge one rule. Without peers it means everywhere: out of the namespace that is told apart by ports alone."""
    bounded = _ports_bound(entries(at(rule, "ports")))
    named = entries(at(rule, peers))
    if not named and (peers == "from" or not bounded):
        end = "" if peers == "from" else " on any port"
        yield Fault(path=path, text=f"names no {peers!r}, so it means everywhere{end}")
    for where, peer in listed(named, f"{path}.{peers}"):
        if peer is UNKNOWN or any(at(peer, key) is UNKNOWN for key in ("ipBlock", "namespaceSelector", "podSelector")):
            yield Fault(path=where, text=NOT_KNOWN)
        elif not peer:
            yield Fault(path=where, text="is empty, so it means everywhere")
        elif at(peer, "ipBlock") is not None:
            cidr = at(peer, "ipBlock", "cidr")
            if not _is_private(case, cidr):
                yield Fault(path=f"{where}.ipBlock.cidr", text=f"{shown(cidr)}, which is no private network")
        elif at(peer, "namespaceSelector") == {} and not at(peer, "podSelector") and not bounded:
            yield Fault(path=where, text="means every pod of the cluster, on any port")


def _ports_bound(ports: list[JsonValue]) -> bool:
    """Whether ports narrow a rule: each is one port, or a short row of them."""
    return bool(ports) and all(_bounds(port) for port in ports)


def _bounds(port: JsonValue) -> bool:
    first, last = at(port, "port"), at(port, "endPort")
    if first is None or first is UNKNOWN or last is UNKNOWN:
        return False
    if last is None:
        return True
    return isinstance(first, int | float) and isinstance(last, int | float) and last - first < _WIDE


def _is_private(case: Case, cidr: JsonValue) -> bool:
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


def _cilium(case: Case) -> Iterator[Fault]:
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
    for where, entity in listed(at(rule, f"{word}Entities"), f"{path}.{word}Entities"):
        if entity is UNKNOWN or entity in _WORLD:
            yield Fault(path=where, text=shown(entity))
    for where, name in listed(at(rule, "toFQDNs"), f"{path}.toFQDNs"):
        yield Fault(path=where, text=f"{shown(name)}: a name outside the cluster")
    for where, cidr in listed(at(rule, f"{word}CIDR"), f"{path}.{word}CIDR"):
        if not _is_private(case, cidr):
            yield Fault(path=where, text=f"{shown(cidr)}, which is no private network")
    for where, entry in listed(at(rule, f"{word}CIDRSet"), f"{path}.{word}CIDRSet"):
        if not _is_private(case, at(entry, "cidr")):
            yield Fault(path=where, text=f"{shown(at(entry, 'cidr'))}, which is no private network")


def _entry(case: Case, spec: JsonValue) -> Iterator[Fault]:
    location = at(spec, "location")
    if location != "MESH_INTERNAL":
        text = "is missing, which means MESH_EXTERNAL" if location is None else shown(location)
        yield Fault(path="spec.location", text=text)
    inside = tuple(str(suffix) for suffix in entries(case.config.get("meshSuffixes"))) or MESH
    for path, host in listed(at(spec, "hosts"), "spec.hosts"):
        if not (isinstance(host, str) and "*" not in host and host.endswith(inside)):
            yield Fault(path=path, text=f"{shown(host)}, which is no name of the mesh")


def _strings(default: tuple[str, ...], description: str) -> dict[str, JsonValue]:
    return {"type": "array", "items": {"type": "string"}, "default": list(default), "description": description}


RULE = Rule(
    id="network-closed",
    title="Nothing opens the environment to the outside.",
    severity=Severity.CRITICAL,
    reason="A closed network stays closed only while no Service, policy or mesh entry leads out of it or into it.",
    remedy="Use ClusterIP Services, name peers and ports in NetworkPolicies, and reach the kitchen by its entry alone.",
    reference="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    judge=judge,
    config_schema={
        "privateNetworks": _strings(PRIVATE, "networks (CIDR) that rules may name"),
        "meshSuffixes": _strings(MESH, "ends of host names of the mesh"),
    },
)
