"""Samples of the rules on the network and on entries: who speaks for a host, and addresses behind Services."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import MISSING, WORLD, Sample, table

_FOREIGN = "which is a Service of another namespace"
_OTHERS = (
    *("contracts-predictor.legal.svc.cluster.local", "contracts-predictor.legal.svc", "kubernetes.default.svc"),
    *("kubernetes.default", "s3.object-store", "Store.Legal.svc.cluster.local", "store.legal.svc.cluster.local."),
)
_OWN = ("server.team.svc.cluster.local", "server.team.svc", "server")
_TENANTS = dataclasses.replace(WORLD, settings={**WORLD.settings, "tenants": {"legal": {}, "team": {}}})

_VIRTUAL = manifest("networking.istio.io/v1", "VirtualService", {"hosts": ["server"], "http": [{"route": []}]})
_VIRTUALS = (
    *table(
        "kubernetes:networking.istio.io/v1:VirtualService",
        _VIRTUAL,
        *(
            (f"speaks for {host}", {"spec hosts": [host]}, f"spec.hosts[0]: is {host!r}, {_FOREIGN}")
            for host in _OTHERS
        ),
        *((f"speaks for its own {host}", {"spec hosts": [host]}) for host in (*_OWN, "chat.kitchen.example")),
        ("of a namespace that is not stated", {"metadata namespace": MISSING, "spec hosts": [_OWN[0]]}, _FOREIGN),
        (
            "leads to another namespace",
            {"spec http 0 route": [{"destination": {"host": "store.legal.svc.cluster.local"}}]},
        ),
    ),
    *table(
        "kubernetes:networking.istio.io/v1:VirtualService",
        _VIRTUAL,
        ("speaks for a Service of a tenant, in two words", {"spec hosts": ["store.legal"]}, _FOREIGN),
        ("speaks for a Service of a tenant's environment", {"spec hosts": ["store.legal-prod"]}, _FOREIGN),
        (
            "leads to another tenant",
            {"spec http 0 route": [{"destination": {"host": "store.legal-prod.svc.cluster.local"}}]},
            "destination.host: is 'store.legal-prod.svc.cluster.local', which is a server of another tenant",
        ),
        ("leads to its own tenant", {"spec http 0 route": [{"destination": {"host": "store.team-prod.svc"}}]}),
        ("leads to no tenant", {"spec http 0 route": [{"destination": {"host": "store.portal.svc"}}]}),
        (
            "leads to a tenant from no tenant's namespace",
            {"metadata namespace": "gateways", "spec http 0 route": [{"destination": {"host": "store.legal.svc"}}]},
        ),
        ("speaks for its own Service, in two words", {"spec hosts": ["store.team"]}),
        world=_TENANTS,
    ),
)

_ENTRIES = table(
    "kubernetes:networking.istio.io/v1:ServiceEntry",
    manifest(
        "networking.istio.io/v1",
        "ServiceEntry",
        {
            "hosts": [_OWN[0]],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "endpoints": [{"address": "10.6.6.6"}],
        },
    ),
    ("an entry for its own Service", {}),
    ("an entry of the mesh's names", {"spec hosts": ["payments.mesh.internal"]}),
    *(
        (f"an entry for {host}", {"spec hosts": [host]}, f"spec.hosts[0]: is {host!r}, {_FOREIGN}")
        for host in ("kubernetes.default.svc.cluster.local", "contracts-predictor.legal.svc", "a.kube-system.svc")
    ),
)

_RULE = manifest("networking.istio.io/v1", "DestinationRule", {"host": "server.team.svc.cluster.local"})
_RULES = table(
    "kubernetes:networking.istio.io/v1:DestinationRule",
    _RULE,
    ("a rule of its own host for all", {"spec exportTo": ["*"]}),
    (
        "a rule of another's host for its own calls",
        {"spec host": "store.legal.svc.cluster.local", "spec exportTo": ["."]},
    ),
    *(
        (
            f"a rule of another's host, {name}",
            {"spec host": "store.legal.svc.cluster.local", **more},
            f"spec.host: is 'store.legal.svc.cluster.local', {_FOREIGN}, for calls of others too",
        )
        for name, more in {
            "for all": {"spec exportTo": ["*"]},
            "for whom is not said": {},
            "for its own and the host's": {"spec exportTo": [".", "legal"]},
        }.items()
    ),
)

_SIDECAR = manifest("networking.istio.io/v1", "Sidecar", {"egress": [{"hosts": ["./*", "istio-system/*"]}]})
_PORT = {"number": 9443, "protocol": "HTTP", "name": "a"}
_SIDECARS = table(
    "kubernetes:networking.istio.io/v1:Sidecar",
    _SIDECAR,
    (
        "what a pod keeps to itself",
        {"spec ingress": [{"port": _PORT, "defaultEndpoint": "127.0.0.1:8080"}]},
        "ingress[0].defaultEndpoint: is '127.0.0.1:8080', which the pod keeps to itself",
    ),
    (
        "the same in version 6",
        {"spec ingress": [{"port": _PORT, "defaultEndpoint": "[::1]:8080"}]},
        "which the pod keeps to itself",
    ),
    (
        "a socket of the pod",
        {"spec ingress": [{"port": _PORT, "defaultEndpoint": "unix:///run/admin.sock"}]},
        "which the pod keeps to itself",
    ),
    ("not caught", {"spec ingress": [{"port": _PORT, "captureMode": "NONE"}]}, "ingress[0].captureMode: is 'NONE'"),
    ("a listener of later", {"spec ingress": [{"port": _PORT, "tunnel": {}}]}, "ingress[0].tunnel: is no field"),
    ("a field of later", {"spec tunnel": {}}, "spec.tunnel: is no field that is understood"),
    ("what others reach as well", {"spec ingress": [{"port": _PORT, "defaultEndpoint": "0.0.0.0:8080"}]}),
)

_ENDPOINTS: dict[str, Any] = {
    **{"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "database", "namespace": "team"}},
    "subsets": [{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 5432}]}],
}
_LABELS = {"kubernetes.io/service-name": "database", "endpointslice.kubernetes.io/managed-by": "team"}
_SLICE: dict[str, Any] = {
    **{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4"},
    "metadata": {"name": "database-1", "namespace": "team", "labels": _LABELS},
    "endpoints": [{"addresses": ["10.1.2.3"]}],
    "ports": [{"port": 5432}],
}
_LABEL = "metadata labels kubernetes.io/service-name"
_OF_NODES = "ports of nodes and of the control plane"
_TAKES = "KServe finds the pods of its Services, others take their calls"
_ADDRESSES = (
    *table(
        "kubernetes:core/v1:Endpoints",
        _ENDPOINTS,
        ("a database outside the cluster", {}),
        ("a mail relay", {"subsets 0 ports 0 port": 25}),
        (
            "the API server's addresses",
            {"metadata": {"name": "kubernetes", "namespace": "default"}},
            "metadata.namespace: is 'default': Services of the cluster itself",
        ),
        ("addresses of look-ups", {"metadata namespace": "kube-system"}, "Services of the cluster itself"),
        ("addresses of OpenShift's parts", {"metadata namespace": "openshift-dns"}, "Services of the cluster itself"),
        (
            "addresses of a server",
            {"metadata name": "support-predictor"},
            f"metadata.name: is 'support-predictor': {_TAKES}",
        ),
        ("a kubelet", {"subsets 0 ports 0 port": 10250}, f"subsets[0].ports[0].port: is 10250: {_OF_NODES}"),
        ("etcd", {"subsets 0 ports 0 port": 2379}, _OF_NODES),
    ),
    *table(
        "kubernetes:discovery.k8s.io/v1:EndpointSlice",
        _SLICE,
        ("a slice of a database", {}),
        ("a slice of a server", {_LABEL: "contracts-predictor"}, f"service-name: is 'contracts-predictor': {_TAKES}"),
        ("a slice of a server's workload", {_LABEL: "contracts-kserve-workload-svc"}, _TAKES),
        ("a slice of the cluster's", {"metadata namespace": "kube-system"}, "Services of the cluster itself"),
        ("a slice of kubelets", {"ports 0 port": 10250}, f"ports[0].port: is 10250: {_OF_NODES}"),
        ("a slice of ssh", {"ports": [{"port": 5432}, {"port": 22}]}, f"ports[1].port: is 22: {_OF_NODES}"),
        ("a slice of no Service", {_LABEL: MISSING}),
    ),
)

_SERVICES = table(
    "kubernetes:core/v1:Service",
    manifest("v1", "Service", {"ports": [{"port": 443}], "selector": {"app": "a"}}),
    ("a Service called like the API's, elsewhere", {"metadata name": "kubernetes"}),
    *(
        (
            f"the cluster's Service {namespace}/{name}",
            {"metadata": {"name": name, "namespace": namespace}},
            f"metadata.name: is {name!r}: a Service of the cluster itself",
        )
        for namespace, name in (
            ("default", "kubernetes"),
            ("kube-system", "kube-dns"),
            ("openshift-dns", "dns-default"),
        )
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "entry-guarded": _VIRTUALS,
    "network-closed": (*_ENTRIES, *_RULES, *_SIDECARS, *_ADDRESSES, *_SERVICES),
}
