"""Samples of the rule on the network: names and labels by which the cluster finds what is called."""

from __future__ import annotations

import dataclasses

from tests.policy.support.objects import DEPLOYMENT, manifest
from tests.policy.support.sample import WORLD, Sample, table

_STORE = {"objectStore": {"endpoint": "https://store.bank.internal"}}
_TENANTS = dataclasses.replace(
    WORLD,
    settings={**WORLD.settings, **_STORE, "tenants": {"helpdesk": {}, "sales": {}}},
)
_SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "helpdesk"}, "spec": {}}
_POD = "spec template metadata labels"
_GROUP = "network.openshift.io/policy-group"
_LEADS = "KServe's Services lead to pods with this label"
_NAMES = (
    *table(
        "kubernetes:core/v1:Namespace",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "helpdesk-b"}},
        ("a team's namespace", {}),
        *(
            (
                f"a namespace called {name}",
                {"metadata name": name},
                f"metadata.name: is {name!r}: its Services answer for",
            )
            for name in ("example", "internal", "com", "io")
        ),
        (
            "a tenant's pods as a router's",
            {"metadata labels": {_GROUP: "ingress"}},
            f"{_GROUP}: is 'ingress': its pods",
        ),
        ("a router's own", {"metadata name": "openshift-ingress", "metadata labels": {_GROUP: "ingress"}}),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:core/v1:Service",
        _SERVICE,
        ("a Service of a team", {}),
        ("a Service where hosts are looked up", {"metadata namespace": "example"}, "metadata.namespace: is 'example'"),
        ("a Service called like a server's", {"metadata name": "support-predictor"}, "KServe makes such Services"),
        ("one of a platform", {"metadata name": "support-predictor", "metadata namespace": "kserve"}),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:apps/v1:Deployment",
        DEPLOYMENT,
        ("pods with labels of their own", {_POD: {"app": "mine", "component": "predictor"}}),
        ("pods behind a model's Service", {_POD: {"app": "isvc.support-predictor"}}, _LEADS),
        ("pods of a service", {_POD: {"serving.kserve.io/inferenceservice": "support"}}, _LEADS),
    ),
    *table(
        "kubernetes:discovery.k8s.io/v1:EndpointSlice",
        {
            **{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4"},
            "metadata": {"name": "a-1", "namespace": "team", "labels": {"kubernetes.io/service-name": "a"}},
            "endpoints": [{"addresses": ["10.40.3.5"]}],
        },
        ("a database outside of the cluster", {}),
        *(
            (f"a pod or Service by hand, {ip}", {"endpoints": [{"addresses": [ip]}]}, "under another name")
            for ip in ("10.244.3.7", "10.96.0.1", "10.128.4.5", "172.30.0.10")
        ),
    ),
    *table(
        "kubernetes:core/v1:Endpoints",
        {
            **{"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "a", "namespace": "team"}},
            "subsets": [{"addresses": [{"ip": "10.50.1.1"}]}],
        },
        ("a pod of a network that is stated", {}, "under another name"),
        ("a host of another network", {"subsets": [{"addresses": [{"ip": "10.244.1.1"}]}]}),
        config={"clusterNetworks": ["10.50.0.0/16"]},
    ),
    *table(
        "kubernetes:cilium.io/v2:CiliumNetworkPolicy",
        manifest(
            "cilium.io/v2",
            "CiliumNetworkPolicy",
            {"endpointSelector": {}, "egress": [{"toEndpoints": [{"matchLabels": {"app": "a"}}]}]},
        ),
        ("pods of the namespace", {}),
        ("callers who prove who they are", {"spec egress 0 authentication": {"mode": "required"}}),
        (
            "callers who need not",
            {"spec egress 0 authentication": {"mode": "disabled"}},
            "authentication.mode: is 'disabled'",
        ),
        (
            "by a listener of another object",
            {"spec egress 0 toPorts": [{"ports": [{"port": "443"}], "listener": {"name": "a"}}]},
            "toPorts[0].listener: what the proxy does",
        ),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"network-closed": _NAMES}
