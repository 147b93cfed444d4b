"""The mesh as a network: who answers for a host, what leads in and out, and how it is spoken to."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.insides import MESH, is_own, namespace_of
from policies.manifests.network_peers import is_private, strange_fields

_DESTINATION = ("host", "trafficPolicy", "subsets", "exportTo", "workloadSelector")
_TRAFFIC = ("loadBalancer", "connectionPool", "outlierDetection", "tls", "portLevelSettings", "port", "retryBudget")
_TLS_MODES = ("ISTIO_MUTUAL", "MUTUAL", "SIMPLE")
_SERVICE_ENTRY = (
    *("hosts", "addresses", "ports", "location", "resolution", "endpoints", "workloadSelector", "exportTo"),
    "subjectAltNames",
)
_RESOLVED = ("STATIC", "DNS", "DNS_ROUND_ROBIN")
_SIDECAR = ("workloadSelector", "ingress", "egress", "inboundConnectionPool", "outboundTrafficPolicy")
_LISTENER = ("port", "bind", "captureMode", "defaultEndpoint", "tls", "connectionPool")
_POD = "0.0.0.0:"
"""Where a listener of a sidecar leads to what others reach as well; 127.0.0.1 is what its pod keeps to itself."""


def is_foreign(case: Case, host: JsonValue) -> bool:
    """Whether a host is a Service of another namespace than the object's own; where that is not stated, any is.

    Whoever says what such a host is takes the calls that others make of it.
    """
    if not isinstance(host, str):
        return False
    namespace = namespace_of(case, host.lower().removesuffix("."))
    return bool(namespace) and namespace != case.subject.namespace


def foreign_fault(case: Case, host: JsonValue, path: str) -> Iterator[Fault]:
    """A fault where an object speaks for a Service of another namespace."""
    if is_foreign(case, host):
        yield Fault(path=path, text=f"{shown(host)}, which is a Service of another namespace: it speaks for its own")


def service_entry(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a ServiceEntry: it names hosts of the mesh that are its namespace's own, and addresses inside."""
    yield from strange_fields(spec, _SERVICE_ENTRY, "spec")
    if _is_of_the_organisation(case, spec):
        return
    location = at(spec, "location")
    if at(spec, "resolution") in (None, "NONE") and not entries(at(spec, "addresses")):
        text = "NONE without addresses: every call to its ports goes wherever its caller wants"
        yield Fault(path="spec.resolution", text=text)
    elif at(spec, "resolution") not in (None, *_RESOLVED, "NONE"):
        yield Fault(path="spec.resolution", text=shown(at(spec, "resolution")))
    if location != "MESH_INTERNAL":
        text = "is missing, which means MESH_EXTERNAL" if location is None else shown(location)
        yield Fault(path="spec.location", text=text)
    for path, host in listed(at(spec, "hosts"), "spec.hosts"):
        if not in_mesh(case, host):
            yield Fault(path=path, text=f"{shown(host)}, which is no name of the mesh")
        yield from foreign_fault(case, host, path)
    for path, entry in listed(at(spec, "addresses"), "spec.addresses"):
        yield from address(case, entry, path)
    if entries(at(spec, "addresses")) and at(spec, "exportTo") != ["."]:
        yield Fault(path="spec.addresses", text="take the calls of other namespaces to them: exportTo is not '.'")
    for path, endpoint in listed(at(spec, "endpoints"), "spec.endpoints"):
        yield from address(case, at(endpoint, "address"), f"{path}.address")


def _is_of_the_organisation(case: Case, spec: JsonValue) -> bool:
    """Whether it makes hosts of the organisation's own domains known to its namespace, as DNS answers for them."""
    hosts = entries(at(spec, "hosts"))
    if at(spec, "location") not in (None, "MESH_EXTERNAL") or at(spec, "exportTo") != ["."]:
        return False
    if any(at(spec, field) is not None for field in ("addresses", "endpoints", "workloadSelector")):
        return False
    own = bool(hosts) and all(isinstance(host, str) and "*" not in host and is_own(case, host) for host in hosts)
    return own and at(spec, "resolution") in ("DNS", "DNS_ROUND_ROBIN")


def workload_entry(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a WorkloadEntry: its address is inside."""
    yield from address(case, at(spec, "address"), "spec.address")


def sidecar(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a Sidecar: calls go to what the mesh knows, and come to what the pod shows to others."""
    yield from strange_fields(spec, _SIDECAR, "spec")
    mode = at(spec, "outboundTrafficPolicy", "mode")
    if mode not in (None, "REGISTRY_ONLY"):
        yield Fault(path="spec.outboundTrafficPolicy.mode", text=shown(mode))
    if spec is not UNKNOWN and at(spec, "outboundTrafficPolicy", "egressProxy") is not None:
        yield Fault(path="spec.outboundTrafficPolicy.egressProxy", text="leads out by a proxy")
    for path, listener in listed(at(spec, "ingress"), "spec.ingress") if spec is not UNKNOWN else ():
        yield from strange_fields(listener, _LISTENER, path)
        end = at(listener, "defaultEndpoint")
        if end is not None and not str(end).startswith(_POD):
            yield Fault(path=f"{path}.defaultEndpoint", text=f"{shown(end)}, which the pod keeps to itself")
        if at(listener, "captureMode") not in (None, "DEFAULT", "IPTABLES"):
            yield Fault(path=f"{path}.captureMode", text=shown(at(listener, "captureMode")))


def destination_rule(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """How the mesh speaks to a host: in the mesh, with its TLS; of another namespace's host for one's own calls."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    yield from strange_fields(spec, _DESTINATION, "spec")
    host = at(spec, "host")
    if not in_mesh(case, host) and (not isinstance(host, str) or "." in host or "*" in host):
        yield Fault(path="spec.host", text=f"{shown(host)}, which is no name of the mesh")
    if is_foreign(case, host) and at(spec, "exportTo") != ["."]:
        text = f"{shown(host)}, which is a Service of another namespace, for calls of others too: exportTo is not '.'"
        yield Fault(path="spec.host", text=text)
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


def in_mesh(case: Case, host: JsonValue) -> bool:
    """Whether a host has an end of the mesh's names, of the configuration or those that are usual."""
    inside = tuple(str(suffix) for suffix in entries(case.config.get("meshSuffixes"))) or MESH
    return isinstance(host, str) and "*" not in host and host.endswith(inside)


def address(case: Case, value: JsonValue, path: str) -> Iterator[Fault]:
    """A fault where an address is none of a private network, of the mesh, or a socket of the node."""
    if not (is_private(case, value) or in_mesh(case, value) or str(value).startswith("unix:")):
        text = "is missing" if value is None else f"{shown(value)}, which is no address inside"
        yield Fault(path=path, text=text)
