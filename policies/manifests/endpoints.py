"""Addresses behind a Service, written by hand: they are inside, and take no calls of the cluster's or KServe's own."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import Subject, entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import Fault, at, listed, shown
from policies.manifests.insides import is_of_the_cluster
from policies.manifests.network_mesh import address
from policies.manifests.networks import within

CLUSTER = (
    *("10.244.0.0/16", "10.96.0.0/12", "10.42.0.0/16", "10.43.0.0/16", "10.233.0.0/16", "10.128.0.0/14"),
    "172.30.0.0/16",
)
"""Networks of pods and Services as installers of clusters give them (kubeadm, k3s, RKE2, Kubespray, OpenShift)."""

KINDS = (("", "Endpoints"), ("discovery.k8s.io", "EndpointSlice"))
_SERVICE = "kubernetes.io/service-name"
OF_SERVERS = ("-predictor", "-transformer", "-explainer", "-kserve-workload-svc", "-inference-pool-ip", "-epp-service")
"""Ends of the names of Services that KServe makes: it finds their pods itself."""

_OF_NODES = (range(22, 23), range(2379, 2382), range(6443, 6444), range(10248, 10260))
"""Ports of programs of nodes and of the control plane: ssh, etcd, the API server, kubelet and others."""


def service_of(subject: Subject) -> JsonValue:
    """The Service that addresses belong to; None where a slice names none."""
    if subject.kind == "Endpoints":
        return subject.object_name
    return at(subject.metadata.get("labels"), _SERVICE)


def endpoints(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    """Faults of Endpoints."""
    yield from _taken(case, "metadata.name")
    for path, subset in listed(case.subject.inputs.get("subsets"), "subsets"):
        for field in ("addresses", "notReadyAddresses"):
            for where, entry in listed(at(subset, field), f"{path}.{field}"):
                yield from address(case, at(entry, "ip"), f"{where}.ip")
                yield from _of_the_cluster(case, at(entry, "ip"), f"{where}.ip")
        yield from _ports(at(subset, "ports") if subset is not UNKNOWN else None, f"{path}.ports")


def endpoint_slice(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    """Faults of an EndpointSlice."""
    yield from _taken(case, f"metadata.labels.{_SERVICE}")
    for path, entry in listed(case.subject.inputs.get("endpoints"), "endpoints"):
        for where, value in listed(at(entry, "addresses"), f"{path}.addresses"):
            yield from address(case, value, where)
            yield from _of_the_cluster(case, value, where)
    yield from _ports(case.subject.inputs.get("ports"), "ports")


def _of_the_cluster(case: Case, value: JsonValue, path: str) -> Iterator[Fault]:
    """A fault where an address is one of pods or Services: by it anybody's pod is reached under another name."""
    try:
        found = ipaddress.ip_network(value) if isinstance(value, str) else None
        known = [ipaddress.ip_network(entry) for entry in entries(case.config.get("clusterNetworks")) or CLUSTER]
    except ValueError:
        return
    if found is not None and any(within(found, entry) for entry in known):
        yield Fault(path=path, text=f"{shown(value)}: a pod or Service of the cluster, under another name")


def _taken(case: Case, path: str) -> Iterator[Fault]:
    if is_of_the_cluster(case.subject.namespace):
        yield Fault(path="metadata.namespace", text=f"{shown(case.subject.namespace)}: Services of the cluster itself")
    name = service_of(case.subject)
    if name is UNKNOWN or str(name).endswith(OF_SERVERS):
        yield Fault(path=path, text=f"{shown(name)}: KServe finds the pods of its Services, others take their calls")


def _ports(ports: JsonValue, path: str) -> Iterator[Fault]:
    for where, entry in listed(ports, path):
        number = at(entry, "port")
        if number is UNKNOWN or (isinstance(number, int) and any(number in row for row in _OF_NODES)):
            yield Fault(path=f"{where}.port", text=f"{shown(number)}: ports of nodes and of the control plane")
