"""Rule: nothing opens the environment's network to the outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.cilium_peers import cilium
from policies.manifests.entry_mesh import MESH
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.kind_table import refusals
from policies.manifests.marks import namespace_marks, pod_marks
from policies.manifests.network_peers import (
    admin_policy,
    calico,
    cidr_group,
    is_private,
    network_set,
    strange_fields,
)
from policies.manifests.networks import PRIVATE
from policies.manifests.objects import each_object, told
from policies.manifests.policy_calls import policy_calls
from policies.manifests.ports import ports_bound
from policies.manifests.selectors import narrows
from policies.manifests.unseen_templates import WORKFLOWS, calls
from policies.manifests.volume_servers import servers_of

_CLOSED_SERVICES = (None, "", "ClusterIP")
_DESTINATION = ("host", "trafficPolicy", "subsets", "exportTo", "workloadSelector")
_TRAFFIC = (*("loadBalancer", "connectionPool", "outlierDetection", "tls", "portLevelSettings", "port", "retryBudget"),)
_TLS_MODES = ("ISTIO_MUTUAL", "MUTUAL", "SIMPLE")
_SERVICE_ENTRY = (
    *("hosts", "addresses", "ports", "location", "resolution", "endpoints", "workloadSelector", "exportTo"),
    "subjectAltNames",
)
_DNS = (53, 5353)
"""Ports of look-ups, by number; those of OpenShift's DNS pods too."""

_DEMAND = "no Service, network policy or mesh entry opens the environment to the outside"
_EXAMPLE = "a ClusterIP Service, and a NetworkPolicy whose rules name pods, namespaces or private networks, and ports"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each way in from, or out to, everywhere."""
    return told(case, _faults(case), _DEMAND, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    for text in refusals(case.subject, "network-closed"):
        yield Fault(path="kind", text=text)
    yield from pod_marks(case.subject)
    faults = _KINDS.get((case.subject.group, case.subject.kind))
    if faults is not None:
        yield from faults(case, case.subject.inputs.get("spec"))


def _firewall(case: Case, spec: JsonValue) -> Iterator[Fault]:
    for path, entry in listed(at(spec, "egress"), "spec.egress"):
        if at(entry, "type") != "Deny" and not is_private(case, at(entry, "to", "cidrSelector")):
            yield Fault(path=path, text="allows what is not a private network")


def _workload(case: Case, spec: JsonValue) -> Iterator[Fault]:
    yield from _address(case, at(spec, "address"), "spec.address")


def _sidecar(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    mode = at(spec, "outboundTrafficPolicy", "mode")
    if mode not in (None, "REGISTRY_ONLY"):
        yield Fault(path="spec.outboundTrafficPolicy.mode", text=shown(mode))
    if spec is not UNKNOWN and at(spec, "outboundTrafficPolicy", "egressProxy") is not None:
        yield Fault(path="spec.outboundTrafficPolicy.egressProxy", text="leads out by a proxy")


def _destination(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """How the mesh speaks to a host: in the mesh, and with its TLS."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    yield from strange_fields(spec, _DESTINATION, "spec")
    host = at(spec, "host")
    if not _in_mesh(case, host) and (not isinstance(host, str) or "." in host or "*" in host):
        yield Fault(path="spec.host", text=f"{shown(host)}, which is no name of the mesh")
    holders = [("spec", spec), *listed(at(spec, "subsets"), "spec.subsets")]
    for path, holder in holders:
        policy = at(holder, "trafficPolicy")
        yield from _traffic(policy, f"{path}.trafficPolicy")
        if policy is not UNKNOWN:
            for where, port in listed(at(policy, "portLevelSettings"), f"{path}.trafficPolicy.portLevelSettings"):
                yield from _traffic(port, where)


def _traffic(policy: JsonValue, path: str) -> Iterator[Fault]:
    if policy is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    yield from strange_fields(policy, _TRAFFIC, path)
    tls = at(policy, "tls")
    if tls is not None and at(tls, "mode") not in _TLS_MODES:
        yield Fault(path=f"{path}.tls.mode", text=shown(at(tls, "mode")))
    if at(tls, "insecureSkipVerify") not in (None, False):
        yield Fault(path=f"{path}.tls.insecureSkipVerify", text=shown(at(tls, "insecureSkipVerify")))


def _api_service(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    unchecked = at(spec, "insecureSkipTLSVerify")
    if unchecked not in (None, False):
        text = f"{shown(unchecked)}: whoever sits between reads and answers for this part of the API"
        yield Fault(path="spec.insecureSkipTLSVerify", text=text)


def _workflow(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    yield from calls(case.subject)


def _volume(case: Case, spec: JsonValue) -> Iterator[Fault]:
    for path, host in servers_of(spec) if spec is not UNKNOWN else ():
        yield from _address(case, host, path)


def _cluster_policy(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    yield from policy_calls(case.subject)


def _namespace(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    yield from namespace_marks(case.subject)


def _endpoints(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    """Addresses behind a Service without a selector, written by hand."""
    for path, subset in listed(case.subject.inputs.get("subsets"), "subsets"):
        for field in ("addresses", "notReadyAddresses"):
            for where, entry in listed(at(subset, field), f"{path}.{field}"):
                yield from _address(case, at(entry, "ip"), f"{where}.ip")


def _endpoint_slice(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    for path, entry in listed(case.subject.inputs.get("endpoints"), "endpoints"):
        for where, address in listed(at(entry, "addresses"), f"{path}.addresses"):
            yield from _address(case, address, where)


def _service(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    kind = at(spec, "type")
    if spec is not UNKNOWN and kind not in _CLOSED_SERVICES:
        yield Fault(path="spec.type", text=shown(kind))
    for path, address in listed(at(spec, "externalIPs"), "spec.externalIPs") if spec is not UNKNOWN else ():
        yield Fault(path=path, text=shown(address))


def _policy(case: Case, spec: JsonValue) -> Iterator[Fault]:
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for path, rule in listed(at(spec, direction), f"spec.{direction}"):
            if at(rule, peers) is UNKNOWN or at(rule, "ports") is UNKNOWN:
                yield Fault(path=path, text=NOT_KNOWN)
            else:
                yield from _policy_rule(case, path, rule, peers)


def _policy_rule(case: Case, path: str, rule: JsonValue, peers: str) -> Iterator[Fault]:
    """Judge one rule. Without peers it means everywhere, which is right for look-ups of names alone."""
    ports = entries(at(rule, "ports"))
    bounded = ports_bound(ports)
    named = entries(at(rule, peers))
    looks_up = bool(ports) and all(at(port, "port") in _DNS and at(port, "endPort") is None for port in ports)
    if not named and not (peers == "to" and looks_up):
        yield Fault(path=path, text=f"names no {peers!r}, so it means everywhere")
    for where, peer in listed(named, f"{path}.{peers}"):
        if any(at(peer, key) is UNKNOWN for key in ("ipBlock", "namespaceSelector", "podSelector")):
            yield Fault(path=where, text=NOT_KNOWN)
        elif not peer:
            yield Fault(path=where, text="is empty, so it means everywhere")
        elif at(peer, "ipBlock") is not None:
            cidr = at(peer, "ipBlock", "cidr")
            if not is_private(case, cidr) and not (looks_up and _is_of_the_node(cidr)):
                yield Fault(path=f"{where}.ipBlock.cidr", text=f"{shown(cidr)}, which is no private network")
        elif (
            at(peer, "namespaceSelector") is not None
            and not narrows(at(peer, "namespaceSelector"))
            and not narrows(at(peer, "podSelector"))
            and not bounded
        ):
            yield Fault(path=where, text="means every pod of the cluster, on any port")


def _entry(case: Case, spec: JsonValue) -> Iterator[Fault]:
    yield from strange_fields(spec, _SERVICE_ENTRY, "spec")
    location = at(spec, "location")
    if location != "MESH_INTERNAL":
        text = "is missing, which means MESH_EXTERNAL" if location is None else shown(location)
        yield Fault(path="spec.location", text=text)
    for path, host in listed(at(spec, "hosts"), "spec.hosts"):
        if not _in_mesh(case, host):
            yield Fault(path=path, text=f"{shown(host)}, which is no name of the mesh")
    for path, address in listed(at(spec, "addresses"), "spec.addresses"):
        yield from _address(case, address, path)
    for path, endpoint in listed(at(spec, "endpoints"), "spec.endpoints"):
        yield from _address(case, at(endpoint, "address"), f"{path}.address")


def _in_mesh(case: Case, host: JsonValue) -> bool:
    inside = tuple(str(suffix) for suffix in entries(case.config.get("meshSuffixes"))) or MESH
    return isinstance(host, str) and "*" not in host and host.endswith(inside)


def _address(case: Case, address: JsonValue, path: str) -> Iterator[Fault]:
    """An address is of a private network, of the mesh, or a socket of the node."""
    if not (is_private(case, address) or _in_mesh(case, address) or str(address).startswith("unix:")):
        text = "is missing" if address is None else f"{shown(address)}, which is no address inside"
        yield Fault(path=path, text=text)


def _is_of_the_node(cidr: JsonValue) -> bool:
    """Whether it is one link-local address, where NodeLocal DNSCache answers; that of clouds' metadata is none."""
    try:
        network = ipaddress.ip_network(str(cidr))
    except ValueError:
        return False
    return network.is_link_local and network.num_addresses == 1 and str(network.network_address) != "169.254.169.254"


def _strings(default: tuple[str, ...], description: str) -> dict[str, JsonValue]:
    return {"type": "array", "items": {"type": "string"}, "default": list(default), "description": description}


_KINDS: dict[tuple[str, str], Callable[[Case, JsonValue], Iterator[Fault]]] = {
    ("", "Service"): _service,
    ("", "Namespace"): _namespace,
    ("", "PersistentVolume"): _volume,
    ("project.openshift.io", "Project"): _namespace,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("", "Endpoints"): _endpoints,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("networking.k8s.io", "NetworkPolicy"): _policy,
    ("policy.networking.k8s.io", "AdminNetworkPolicy"): admin_policy,
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"): admin_policy,
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"): admin_policy,
    ("cilium.io", "CiliumNetworkPolicy"): cilium,
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): cilium,
    ("cilium.io", "CiliumCIDRGroup"): cidr_group,
    ("projectcalico.org", "NetworkSet"): network_set,
    ("projectcalico.org", "GlobalNetworkSet"): network_set,
    ("crd.projectcalico.org", "NetworkSet"): network_set,
    ("crd.projectcalico.org", "GlobalNetworkSet"): network_set,
    ("projectcalico.org", "NetworkPolicy"): calico,
    ("projectcalico.org", "GlobalNetworkPolicy"): calico,
    ("crd.projectcalico.org", "NetworkPolicy"): calico,
    ("crd.projectcalico.org", "GlobalNetworkPolicy"): calico,
    ("k8s.ovn.org", "EgressFirewall"): _firewall,
    ("network.openshift.io", "EgressNetworkPolicy"): _firewall,
    ("networking.istio.io", "ServiceEntry"): _entry,
    ("networking.istio.io", "WorkloadEntry"): _workload,
    ("networking.istio.io", "Sidecar"): _sidecar,
    ("networking.istio.io", "DestinationRule"): _destination,
    **{("argoproj.io", kind): _workflow for kind in WORKFLOWS},
    ("kyverno.io", "ClusterPolicy"): _cluster_policy,
    ("kyverno.io", "Policy"): _cluster_policy,
    ("policies.kyverno.io", "ImageValidatingPolicy"): _cluster_policy,
    ("policies.kyverno.io", "ValidatingPolicy"): _cluster_policy,
    ("templates.gatekeeper.sh", "ConstraintTemplate"): _cluster_policy,
}

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
        "meshSuffixes": _strings(MESH, "ends of host names of the mesh, and of servers of volumes"),
    },
)
