"""Samples of the rule on the network: selectors that leave nothing out, ways to nodes, and hosts' own policies."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import Sample, table

_EVERY_POD = "means every pod of the cluster, on any port"
_COMMON = {
    "pod-security.kubernetes.io/enforce": ["privileged", "baseline", "restricted"],
    "pod-security.kubernetes.io/warn": ["restricted"],
    "istio-injection": ["enabled"],
    "istio.io/dataplane-mode": ["ambient"],
    "kubernetes.io/os": ["linux"],
    "app.kubernetes.io/managed-by": ["Helm", "pulumi"],
    "app.kubernetes.io/part-of": ["private-ai-kitchen"],
    "kitchen.example.com/environment": ["dev", "prod"],
}
"""Labels that stand on every namespace or pod, with the values that they have there."""


def _from(**selectors: Any) -> dict[str, Any]:
    return {"spec ingress": [{"from": [selectors]}]}


def _in(key: str, values: list[str]) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": "In", "values": values}]}


_POLICIES = table(
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    manifest("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, "policyTypes": ["Ingress"]}),
    *(
        (f"every value of {key}", _from(namespaceSelector=_in(key, values)), _EVERY_POD)
        for key, values in _COMMON.items()
    ),
    *(
        (f"one value of {key}", _from(namespaceSelector={"matchLabels": {key: values[-1]}}), _EVERY_POD)
        for key, values in _COMMON.items()
    ),
    *(
        (
            f"that {key} is there",
            _from(namespaceSelector={"matchExpressions": [{"key": key, "operator": "Exists"}]}),
            _EVERY_POD,
        )
        for key in _COMMON
    ),
    (
        "two labels that stand everywhere",
        _from(namespaceSelector={"matchLabels": {"istio-injection": "enabled", "kubernetes.io/os": "linux"}}),
        _EVERY_POD,
    ),
    (
        "a label of pods that stands everywhere",
        _from(namespaceSelector={}, podSelector=_in("service.istio.io/canonical-revision", ["latest"])),
        _EVERY_POD,
    ),
    (
        "one of some namespaces, restricted ones",
        _from(
            namespaceSelector={
                "matchLabels": {"pod-security.kubernetes.io/enforce": "restricted", "kubernetes.io/metadata.name": "a"}
            }
        ),
    ),
    ("two namespaces by their names", _from(namespaceSelector=_in("kubernetes.io/metadata.name", ["a", "b"]))),
    ("the router's namespaces", _from(namespaceSelector=_in("network.openshift.io/policy-group", ["ingress"]))),
    ("pods of a team", _from(namespaceSelector={}, podSelector=_in("team", ["a", "b"]))),
    (
        "a thousand ports of every pod",
        {"spec ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 8000, "endPort": 9023}]}]},
        _EVERY_POD,
    ),
    (
        "look-ups by TCP alone to everywhere",
        {"spec egress": [{"ports": [{"port": 53, "protocol": "TCP"}]}]},
        "egress[0]: names no 'to', so it means everywhere: look-ups",
    ),
    (
        "look-ups of the cluster's DNS",
        {
            "spec egress": [
                {
                    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
                }
            ]
        },
    ),
    (
        "look-ups of any namespace",
        {"spec egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}]}]},
    ),
)

_CALICO = tuple(
    sample
    for kind in ("NetworkPolicy", "GlobalNetworkPolicy")
    for sample in table(
        f"kubernetes:projectcalico.org/v3:{kind}",
        manifest("projectcalico.org/v3", kind, {"selector": "all()", "types": ["Ingress"]}),
        *(
            (
                f"{kind}: {text}",
                {"spec ingress": [{"action": "Allow", "source": {"namespaceSelector": text}}]},
                "source: selects everything, however it is spelt",
            )
            for text in (
                "projectcalico.org/orchestrator == 'k8s'",
                "projectcalico.org/orchestrator in {'k8s', 'openstack'}",
                "pcns.pod-security.kubernetes.io/enforce == 'restricted'",
                'istio-injection == "enabled" && has(team)',
                "team == 'a' || kubernetes.io/os == 'linux'",
            )
        ),
        *(
            (f"{kind}: {text}", {"spec ingress": [{"action": "Allow", "source": {"namespaceSelector": text}}]})
            for text in (
                "projectcalico.org/name == 'kitchen-gateway'",
                "projectcalico.org/orchestrator == 'k8s' && team == 'a'",
                "pcns.team in {'a', 'b'}",
            )
        ),
        *(
            (f"{kind}: {name}", {f"spec {name}": True}, f"spec.{name}: is True: it is no policy of pods any more")
            for name in ("doNotTrack", "preDNAT", "applyOnForward")
        ),
        (
            f"{kind}: said to be none of hosts",
            {"spec applyOnForward": False, "spec order": 100, "spec tier": "default"},
        ),
        (f"{kind}: a field of later", {"spec tunnel": {}}, "spec.tunnel: is no field that is understood"),
    )
)

_NODES = "on other ports than 53, 443, 6443, 9100"


def _to(ports: list[str] | None = None, **peers: Any) -> dict[str, Any]:
    rows = {} if ports is None else {"toPorts": [{"ports": [{"port": port} for port in ports]}]}
    return {"spec egress": [{**peers, **rows}]}


_CILIUM = tuple(
    sample
    for kind in ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")
    for sample in table(
        f"kubernetes:cilium.io/v2:{kind}",
        manifest("cilium.io/v2", kind, {"endpointSelector": {}}),
        (f"{kind}: every node", _to(toNodes=[{}]), f"toNodes[0]: means nodes, {_NODES}"),
        (f"{kind}: some nodes", _to(toNodes=[{"matchLabels": {"role": "a"}}]), "toNodes[0]: means nodes"),
        (f"{kind}: kubelets", _to(["10250"], toNodes=[{}]), "toNodes[0]: means nodes"),
        (f"{kind}: a row of ports of nodes", _to(["443", "0"], toNodes=[{}]), "toNodes[0]: means nodes"),
        (f"{kind}: the API server's nodes", _to(["6443"], toNodes=[{"matchLabels": {"role": "control-plane"}}])),
        (f"{kind}: the own node", _to(toEntities=["host"]), "toEntities[0]: is 'host': means nodes"),
        (f"{kind}: other nodes", _to(toEntities=["kube-apiserver", "remote-node"]), "toEntities[1]: is 'remote-node'"),
        (f"{kind}: etcd", _to(["2379"], toEntities=["remote-node"]), "toEntities[0]: is 'remote-node'"),
        (f"{kind}: look-ups of the node's cache", _to(["53"], toEntities=["host"])),
        (f"{kind}: the API server", _to(toEntities=["kube-apiserver"])),
        (f"{kind}: probes of the kubelet", {"spec ingress": [{"fromEntities": ["host", "remote-node", "health"]}]}),
        *(
            (
                f"{kind}: pods of the cluster by {key}",
                {"spec ingress": [{"fromEndpoints": [{"matchLabels": {key: "x"}}]}]},
                f"fromEndpoints[0]: selects by {key!r}, which stands on every pod",
            )
            for key in (
                *("io.cilium.k8s.policy.cluster", "k8s:io.cilium.k8s.policy.cluster"),
                "k8s:io.cilium.k8s.namespace.labels.pod-security.kubernetes.io/enforce",
            )
        ),
        (f"{kind}: a Service by its name", _to(toServices=[{"k8sService": {"serviceName": "a", "namespace": "b"}}])),
        (f"{kind}: some Services", _to(toServices=[{"k8sServiceSelector": {"selector": {"matchLabels": {"a": "b"}}}}])),
        (
            f"{kind}: every Service",
            _to(toServices=[{"k8sServiceSelector": {"selector": {}, "namespace": "b"}}]),
            "toServices[0].k8sServiceSelector: selects every Service",
        ),
        (
            f"{kind}: some pods of a cluster",
            {"spec ingress": [{"fromEndpoints": [{"matchLabels": {"io.cilium.k8s.policy.cluster": "a", "app": "b"}}]}]},
        ),
    )
)

_TO_NODES = {"nodes": {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "Exists"}]}}
_ADMIN = tuple(
    sample
    for kind in ("AdminNetworkPolicy", "ClusterNetworkPolicy")
    for sample in table(
        f"kubernetes:policy.networking.k8s.io/v1alpha1:{kind}",
        manifest(
            "policy.networking.k8s.io/v1alpha1",
            kind,
            {"subject": {"namespaces": {}}, "egress": [{"action": "Allow", "to": [_TO_NODES]}]},
        ),
        (f"{kind}: every node", {}, f"to[0].nodes: means nodes, {_NODES}"),
        (f"{kind}: kubelets", {"spec egress 0 ports": [{"portNumber": {"port": 10250}}]}, "to[0].nodes: means nodes"),
        (
            f"{kind}: a row of ports of nodes",
            {"spec egress 0 ports": [{"portNumber": {"port": 443}}, {"portRange": {"start": 1, "end": 9}}]},
            "to[0].nodes: means nodes",
        ),
        (f"{kind}: the API server's nodes", {"spec egress 0 ports": [{"portNumber": {"port": 6443}}]}),
        (f"{kind}: nodes denied", {"spec egress 0 action": "Deny"}),
        (
            f"{kind}: every namespace by its level",
            {"spec egress 0 to 0": {"namespaces": _in("pod-security.kubernetes.io/enforce", ["restricted"])}},
            "means every namespace, whatever its own policies say",
        ),
    )
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"network-closed": (*_POLICIES, *_CALICO, *_CILIUM, *_ADMIN)}
