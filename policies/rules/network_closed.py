"""Rule: nothing opens the environment's network to the outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests import alert_rules, classes, scaling, scrapes, told_addresses
from policies.manifests.cilium_peers import cilium
from policies.manifests.endpoints import CLUSTER, endpoint_slice, endpoints
from policies.manifests.entry_labels import label_faults
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.insides import DOMAINS_SCHEMA, MESH
from policies.manifests.kind_table import refusals
from policies.manifests.marks import namespace_marks, pod_marks
from policies.manifests.network_mesh import address, destination_rule, service_entry, sidecar, workload_entry
from policies.manifests.network_peers import admin_policy, calico, cidr_group, is_private, network_set
from policies.manifests.networks import PRIVATE
from policies.manifests.objects import each_object, told
from policies.manifests.policy_calls import policy_calls
from policies.manifests.ports import ports_bound
from policies.manifests.selectors import narrows
from policies.manifests.statements import names_schema
from policies.manifests.taken_names import behind_servers, namespace_names, server_names
from policies.manifests.unseen_templates import WORKFLOWS, calls
from policies.manifests.volume_servers import servers_of

_CLOSED_SERVICES = (None, "", "ClusterIP")
_OF_THE_CLUSTER = (("default", "kubernetes"), ("kube-system", "kube-dns"), ("openshift-dns", "dns-default"))
"""Services that the cluster makes; whoever changes one answers for the API, or for names."""

_DNS = (53, 5353)
"""Ports of look-ups, by number; those of OpenShift's DNS pods too."""

_DEMAND = "no Service, class, network policy or mesh entry opens the environment to the outside"
_EXAMPLE = "a ClusterIP Service, and a NetworkPolicy whose rules name pods, namespaces or private networks, and ports"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each way in from, or out to, everywhere."""
    return told(case, _faults(case), _DEMAND, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    for text in refusals(case.subject, "network-closed"):
        yield Fault(path="kind", text=text)
    yield from label_faults(case)
    yield from pod_marks(case.subject)
    yield from behind_servers(case.subject)
    faults = _KINDS.get((case.subject.group, case.subject.kind))
    if faults is not None:
        yield from faults(case, case.subject.inputs.get("spec"))


def _firewall(case: Case, spec: JsonValue) -> Iterator[Fault]:
    for path, entry in listed(at(spec, "egress"), "spec.egress"):
        if at(entry, "type") != "Deny" and not is_private(case, at(entry, "to", "cidrSelector")):
            yield Fault(path=path, text="allows what is not a private network")


def _api_service(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    unchecked = at(spec, "insecureSkipTLSVerify")
    if unchecked not in (None, False):
        text = f"{shown(unchecked)}: whoever sits between reads and answers for this part of the API"
        yield Fault(path="spec.insecureSkipTLSVerify", text=text)


def _volume(case: Case, spec: JsonValue) -> Iterator[Fault]:
    for path, host in servers_of(spec) if spec is not UNKNOWN else ():
        yield from address(case, host, path)


def _cluster_policy(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    yield from policy_calls(case.subject)


def _namespace(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    yield from namespace_marks(case.subject)
    yield from namespace_names(case, case.subject.object_name, "metadata.name")


def _service(case: Case, spec: JsonValue) -> Iterator[Fault]:
    if (case.subject.namespace, case.subject.object_name) in _OF_THE_CLUSTER:
        yield Fault(path="metadata.name", text=f"{shown(case.subject.object_name)}: a Service of the cluster itself")
    yield from namespace_names(case, case.subject.namespace, "metadata.namespace")
    yield from server_names(case)
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    kind = at(spec, "type")
    if spec is not UNKNOWN and kind not in _CLOSED_SERVICES:
        yield Fault(path="spec.type", text=shown(kind))
    for path, value in listed(at(spec, "externalIPs"), "spec.externalIPs") if spec is not UNKNOWN else ():
        yield Fault(path=path, text=shown(value))


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
    """Judge one rule. Without peers it means everywhere: for look-ups too, for any host answers on their port."""
    ports = entries(at(rule, "ports"))
    bounded = ports_bound(ports)
    named = entries(at(rule, peers))
    looks_up = bool(ports) and all(at(port, "port") in _DNS and at(port, "endPort") is None for port in ports)
    if not named:
        more = ": look-ups name the namespace of the cluster's DNS" if looks_up and peers == "to" else ""
        yield Fault(path=path, text=f"names no {peers!r}, so it means everywhere{more}")
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
    ("", "Endpoints"): endpoints,
    ("discovery.k8s.io", "EndpointSlice"): endpoint_slice,
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
    ("networking.k8s.io", "Ingress"): classes.ingress,
    ("extensions", "Ingress"): classes.ingress,
    ("networking.k8s.io", "IngressClass"): classes.a_class,
    ("gateway.networking.k8s.io", "Gateway"): classes.gateway,
    ("gateway.networking.k8s.io", "GatewayClass"): classes.a_class,
    ("monitoring.coreos.com", "ServiceMonitor"): scrapes.monitor,
    ("monitoring.coreos.com", "PodMonitor"): scrapes.monitor,
    ("monitoring.coreos.com", "PrometheusRule"): alert_rules.rules,
    ("monitoring.coreos.com", "ScrapeConfig"): scrapes.scrape_config,
    ("monitoring.coreos.com", "Probe"): told_addresses.probe,
    ("monitoring.coreos.com", "AlertmanagerConfig"): told_addresses.alerts,
    ("grafana.integreatly.org", "GrafanaDatasource"): told_addresses.data_source,
    ("keda.sh", "ScaledObject"): scaling.scaled,
    ("keda.sh", "ScaledJob"): scaling.scaled,
    ("keda.sh", "TriggerAuthentication"): scaling.authentication,
    ("keda.sh", "ClusterTriggerAuthentication"): scaling.authentication,
    ("serving.kserve.io", "InferenceService"): told_addresses.service,
    ("networking.istio.io", "ServiceEntry"): service_entry,
    ("networking.istio.io", "WorkloadEntry"): workload_entry,
    ("networking.istio.io", "Sidecar"): sidecar,
    ("networking.istio.io", "DestinationRule"): destination_rule,
    **{("argoproj.io", kind): calls for kind in WORKFLOWS},
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): _cluster_policy,
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
        "clusterNetworks": _strings(CLUSTER, "networks (CIDR) of pods and Services, which no Endpoints may name"),
        "labels": names_schema(
            "Labels of Services and entries that open nothing, beside those that are understood; `*` is any text"
        ),
        "classes": names_schema(
            "Classes of Ingresses and Gateways whose controllers stand inside, beside those whose names are words that"
            " are understood, such as nginx-internal"
        ),
        "domains": DOMAINS_SCHEMA,
        "triggers": names_schema("Types of KEDA's triggers that ask nothing outside, beside those that are understood"),
        "sharedSecrets": names_schema(
            "ClusterTriggerAuthentications whose Secrets, of KEDA's namespace, triggers of every team may send"
        ),
    },
)
